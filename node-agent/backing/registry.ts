// Which unit of this process has which backing open: one medium backs one instance only.
import { BackingRefused } from './errors.js';

/** The key of an open file: its path may be another's by now. */
export function fileKey({ dev, ino }: { dev: bigint; ino: bigint }): string {
  return `${dev}:${ino}`;
}

export interface BackingOwner {
  uid: string;
  name: string;
  /** Owners on other nodes have the backing too. */
  sharedMedium?: boolean;
}

export class BackingRegistry {
  private readonly claims = new Map<string, { owner: BackingOwner; count: number }>();

  /**
   * Throws BackingRefused when another unit has the backing of that key. The same unit may claim it again, as it does when
   * it opens its backing anew. Returns what ends the claim.
   */
  claim(path: string, key: string, owner: BackingOwner): () => void {
    const claim = this.claims.get(key) ?? { owner, count: 0 };
    if (claim.owner.uid !== owner.uid)
      throw new BackingRefused('BackingInUse', `${path} is the backing of the device ${claim.owner.name} already`);
    claim.count += 1;
    this.claims.set(key, claim);
    return () => {
      claim.count -= 1;
      if (claim.count === 0) this.claims.delete(key);
    };
  }

  ownerOf(key: string): BackingOwner | undefined {
    return this.claims.get(key)?.owner;
  }
}

// Which unit of this process has which file open: one medium backs one instance only.
import { BackingRefused } from './errors.js';

/** Device and inode of an opened file. */
export interface FileIdentity {
  dev: bigint;
  ino: bigint;
}
export interface BackingOwner {
  uid: string;
  name: string;
}

export class BackingRegistry {
  private readonly claims = new Map<string, { owner: BackingOwner; count: number }>();

  /**
   * Throws BackingRefused when another unit has the file. The same unit may claim it again, as it does when it
   * opens its file anew. Returns what ends the claim.
   */
  claim(path: string, file: FileIdentity, owner: BackingOwner): () => void {
    const key = `${file.dev}:${file.ino}`;
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

  ownerOf(file: FileIdentity): BackingOwner | undefined {
    return this.claims.get(`${file.dev}:${file.ino}`)?.owner;
  }
}

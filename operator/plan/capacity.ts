// How much a node takes: at most 512 (session, LUN) pairs and a bounded ScstNode; what no longer fits is refused.
import type { LunSetMember } from '../../crds/lun-set.js';
import type { NodeDevice, NodeLun, NodeSession } from '../../crds/types.js';
import { MAX_ENTRIES, MAX_ENTRY_BYTES, MAX_PAIRS } from './limits.js';
import type { UserObject } from './objects.js';

/** Counts what a node already has. Entries are offered the oldest first, so those that don't fit are the youngest. */
export class Capacity {
  /** Why the last entry was not taken. */
  problem = '';
  private bytes = 0;
  private pairs = 0;
  private targets = 0;
  private readonly devices = new Set<string>();
  private readonly sessions = new Map<string, number>();
  private readonly luns = new Map<string, number>();
  private sessionCount = 0;
  private lunCount = 0;

  addTarget(target: UserObject): boolean {
    // Its entry has names, uid and a few numbers: less than the object itself.
    if (!this.fits(0, this.targets, jsonBytes(target.metadata.name) * 2 + 256)) {
      return false;
    }
    this.targets += 1;
    return true;
  }

  addSession(session: NodeSession): boolean {
    const pairs = this.luns.get(lunSet(session)) ?? 0;
    if (!this.fits(pairs, this.sessionCount, jsonBytes(session))) {
      return false;
    }
    this.sessionCount += 1;
    this.sessions.set(lunSet(session), (this.sessions.get(lunSet(session)) ?? 0) + 1);
    return true;
  }

  /** A device counts with the first LUN that exposes it. */
  addLun(lun: NodeLun, device: NodeDevice): boolean {
    const pairs = this.sessions.get(lunSet(lun)) ?? 0;
    const deviceBytes = this.devices.has(device.uid) ? 0 : jsonBytes(device);
    if (!this.fits(pairs, this.lunCount, jsonBytes(lun) + deviceBytes)) {
      return false;
    }
    this.lunCount += 1;
    this.devices.add(device.uid);
    this.luns.set(lunSet(lun), (this.luns.get(lunSet(lun)) ?? 0) + 1);
    return true;
  }

  private fits(pairs: number, count: number, bytes: number): boolean {
    if (count >= MAX_ENTRIES || this.pairs + pairs > MAX_PAIRS) {
      this.problem = `the node has ${this.pairs} of at most ${MAX_PAIRS} (session, LUN) pairs; older objects have them`;
      return false;
    }
    if (this.bytes + bytes > MAX_ENTRY_BYTES) {
      this.problem = `the node's desired state would exceed ${MAX_ENTRY_BYTES / 1024} KiB; older objects fill it`;
      return false;
    }
    this.pairs += pairs;
    this.bytes += bytes;
    return true;
  }
}

function lunSet({ target, group }: LunSetMember): string {
  return `${target}/${group ?? ''}`;
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value)) + 1;
}

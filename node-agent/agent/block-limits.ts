// The kernel's idea of a disk's size, write protection and identity: rescanned where it isn't the engine's.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { blockLimitsOf, type BlockLimits } from '../devices/index.js';
import type { StepWorkers } from '../lio/index.js';
import { readTogether } from '../native/read-together.js';

/** Milliseconds for the kernel to ask the disk; the next pass looks again. */
const RESCAN_MS = 3_000;
const POLL_MS = 20;

/**
 * sd asks a disk for its size and its write protection only when it is told to, such as after a resize. And it takes a disk
 * that doesn't answer then, during an outage of the engine, for one of no size.
 */
export class BlockLimitsKeeper {
  /** Devices of which a rescan is in the kernel: it may wait for an engine. */
  private readonly pending = new Set<string>();
  /** What the kernel was last told to look for: a user may have made a disk read-only, and is not argued with. */
  private readonly protectionTold = new Map<string, boolean>();
  /** The identity that the kernel knows a disk by. */
  private readonly identities = new Map<string, string>();

  constructor(
    private readonly workers: StepWorkers,
    private readonly sys = '/sys',
  ) {}

  /** Whether the kernel knows the disk by its size, after a rescan if it didn't before. */
  async ensure(hctl: string, block: string, wanted: BlockLimits): Promise<boolean> {
    const known = await blockLimitsOf(block, this.sys);
    const toldReadOnly = this.protectionTold.get(hctl) ?? known?.readOnly;
    if (known?.bytes === wanted.bytes && (known.readOnly === wanted.readOnly || toldReadOnly === wanted.readOnly))
      return true;
    this.protectionTold.set(hctl, wanted.readOnly);
    await this.rescan(hctl);
    const end = performance.now() + RESCAN_MS;
    for (;;) {
      if ((await blockLimitsOf(block, this.sys))?.bytes === wanted.bytes) return true;
      if (this.pending.has(hctl) || performance.now() >= end) return false;
      await sleep(POLL_MS);
    }
  }

  /**
   * The kernel has read VPD page 83 when it found the disk, and udev made the links below /dev/disk of it then. With another
   * identity both look again; `naa` in hexadecimal digits.
   */
  async ensureIdentity(hctl: string, block: string, naa: string): Promise<void> {
    const device = join(this.sys, 'class/scsi_device', hctl, 'device');
    const isKnown = async () => {
      // The one of its designators that the kernel prefers, which is mostly this one, and read with the rest.
      const [wwid] = (await readTogether({ root: device, files: ['wwid'], directories: [] })).files;
      if (wwid === `naa.${naa}`) return true;
      const page = await readFile(join(device, 'vpd_pg83')).catch(() => undefined);
      return page?.includes(Buffer.from(naa, 'hex')) ?? true;
    };
    if (this.identities.get(hctl) === naa) return;
    if (!(await isKnown())) {
      await this.rescan(hctl);
      if (!(await isKnown())) return;
      await writeFile(join(this.sys, 'class/block', block, 'uevent'), 'change').catch(() => undefined);
    }
    this.identities.set(hctl, naa);
  }

  private async rescan(hctl: string): Promise<void> {
    if (this.pending.has(hctl)) return;
    const path = join(this.sys, 'class/scsi_device', hctl, 'device/rescan');
    this.pending.add(hctl);
    const { outcome, ended } = await this.workers.writeBriefly(path, '1', RESCAN_MS);
    if (outcome !== undefined) this.pending.delete(hctl);
    else void ended.then(() => this.pending.delete(hctl));
  }
}

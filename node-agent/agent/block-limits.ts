// The kernel's idea of a disk's size and write protection: rescanned where it isn't the engine's.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { blockLimitsOf, type BlockLimits } from '../devices/index.js';
import { writeBriefly } from '../lio/index.js';
import { nativeProgram } from '../native/index.js';

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

  constructor(private readonly sys = '/sys') {}

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

  private async rescan(hctl: string): Promise<void> {
    if (this.pending.has(hctl)) return;
    const path = join(this.sys, 'class/scsi_device', hctl, 'device/rescan');
    this.pending.add(hctl);
    const { outcome, ended } = await writeBriefly(nativeProgram('scst-step'), path, '1', RESCAN_MS);
    if (outcome !== undefined) this.pending.delete(hctl);
    else void ended.then(() => this.pending.delete(hctl));
  }
}

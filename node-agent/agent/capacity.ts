// The kernel's idea of a disk's size: rescanned where it isn't the engine's, after a resize or an outage.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { capacityOf } from '../devices/index.js';
import { writeBriefly } from '../lio/index.js';
import { nativeProgram } from '../native/index.js';

/** Milliseconds for the kernel to ask the disk; the next pass looks again. */
const RESCAN_MS = 3_000;
const POLL_MS = 20;

/**
 * sd asks for the capacity when it is told to, and takes a disk that doesn't answer then, such as during an outage of the
 * engine, for one of no size.
 */
export class CapacityKeeper {
  /** Devices of which a rescan is in the kernel: it may wait for an engine. */
  private readonly pending = new Set<string>();

  constructor(private readonly sys = '/sys') {}

  /** Whether the kernel knows the disk by `bytes`, after a rescan if it didn't before. */
  async ensure(hctl: string, block: string, bytes: number): Promise<boolean> {
    if ((await capacityOf(block, this.sys)) === bytes) return true;
    await this.rescan(hctl);
    const end = performance.now() + RESCAN_MS;
    for (;;) {
      if ((await capacityOf(block, this.sys)) === bytes) return true;
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

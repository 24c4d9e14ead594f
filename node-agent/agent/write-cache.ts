// Makes sd forget the write cache of a disk, before the host goes down (docs/adr/0001-sigpwr.md).
import { join } from 'node:path';
import type { StepWorkers } from '../lio/index.js';

/** Milliseconds for sd to take note; see below why it doesn't take longer where it doesn't end. */
const NOTED_MS = 2_000;

/**
 * Makes sd take the disk for one without a write cache, without asking it: no SYNCHRONIZE CACHE is sent any more. From
 * Linux 6.11 on the write of cache_type ends only when the commands in flight have, and without an engine they don't.
 * sd has noted the new type before it waits (cache_type_store in drivers/scsi/sd.c); so a process of its own writes, and
 * is left to itself. Rejects with the kernel's error.
 */
export async function forgetWriteCache(hctl: string, workers: StepWorkers, sys = '/sys'): Promise<void> {
  const path = join(sys, 'class/scsi_disk', hctl, 'cache_type');
  const { outcome } = await workers.writeBriefly(path, 'temporary write through', NOTED_MS);
  if (outcome?.failure !== undefined) throw new Error(`${outcome.failure.text} (${path})`);
}

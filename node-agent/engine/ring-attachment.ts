// Takes a ring over from whoever served it before: the sequence after which no command is lost, run twice or mixed up.
import { close } from 'node:fs';
import { promisify } from 'node:util';
import type { NativeBinding } from '../native/types.js';
import type { RingKernel, RingName, UioDevice } from './ring-kernel.js';

const closeFile = promisify(close);

/** Another process has the uio device open: an older engine that is not dead yet. Its ring must not be touched. */
export class RingBusy extends Error {
  readonly code = 'RingBusy';
  constructor(device: UioDevice, options?: ErrorOptions) {
    super(`${device.path} is still open in another process, such as an older engine that is ending`, options);
  }
}

/**
 * `start` maps the ring and serves it from then on; it gets the count of commands that were in flight when the former
 * engine ended, and owns the descriptor from then on, unless it throws. Throws RingBusy, or the error of the step
 * that failed; the ring is left unblocked even then, so that its commands wait in it.
 */
export async function attachRing(
  kernel: RingKernel,
  binding: Pick<NativeBinding, 'countOutstanding'>,
  ring: RingName,
  device: UioDevice,
  start: (uioFd: number, foundAtAttach: number) => void,
): Promise<void> {
  const uioFd = openDevice(kernel, device);
  let started = false;
  try {
    // Until the ring is mapped again, new commands get BUSY: one that came between reset and mapping would be
    // counted from a tail that nobody knows.
    await kernel.act(ring, 'block_dev', 1);
    try {
      const foundAtAttach = binding.countOutstanding(uioFd, device.mapSize);
      // What the former engine has half done is never continued: its completions may have overwritten requests that
      // are still outstanding. With 1, the outstanding ones end as BUSY, and the initiator sends them again.
      await kernel.act(ring, 'reset_ring', 1);
      start(uioFd, foundAtAttach);
      started = true;
    } finally {
      await kernel.act(ring, 'block_dev', 0);
    }
  } finally {
    if (!started) await closeFile(uioFd);
  }
}

function openDevice(kernel: RingKernel, device: UioDevice): number {
  try {
    return kernel.open(device);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') throw new RingBusy(device, { cause: error });
    throw error;
  }
}

// The engine's lock: who holds it serves the rings, every other engine of the node stands by.
import { constants, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { NativeBinding } from '../native/types.js';

/**
 * Waits until this process holds the lock, which ends with the process. Rejects with an AbortError when `signal`
 * says so before that.
 */
export async function acquireEngineLock(options: {
  path: string;
  binding: Pick<NativeBinding, 'tryLock'>;
  log: Logger;
  /** Milliseconds between two tries. */
  retryMs?: number;
  signal?: AbortSignal;
}): Promise<void> {
  const { path, binding, log, retryMs = 500, signal } = options;
  // Never closed: the lock belongs to the open file description.
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  if (binding.tryLock(fd)) return;
  log.info({ path }, 'stand-by: another engine holds the lock');
  do {
    await delay(retryMs, undefined, { signal });
  } while (!binding.tryLock(fd));
  log.info({ path }, 'the other engine has ended: taking over');
}

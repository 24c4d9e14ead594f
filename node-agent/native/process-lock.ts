// One process at a time: a lock on a file that ends with its holder; every other process of the kind stands by.
import { constants, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { NativeBinding } from './types.js';

export interface ProcessLockOptions {
  path: string;
  binding: Pick<NativeBinding, 'tryLock'>;
  log: Logger;
  /** Called once, when another process holds the lock. */
  onStandBy?: () => void;
  /** Milliseconds between two tries. */
  retryMs?: number;
  signal?: AbortSignal;
}

/** Resolves when this process holds the lock. Rejects with an AbortError when `signal` says so before that. */
export async function acquireProcessLock(options: ProcessLockOptions): Promise<void> {
  const { path, binding, log, onStandBy, retryMs = 500, signal } = options;
  mkdirSync(dirname(path), { recursive: true });
  // Never closed: the lock belongs to the open file description.
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  if (await binding.tryLock(fd, false)) return;
  log.info({ path }, 'stand-by: another process holds the lock');
  onStandBy?.();
  do {
    await delay(retryMs, undefined, { signal });
  } while (!(await binding.tryLock(fd, false)));
  log.info({ path }, 'the other process has ended: taking over');
}

// Waiting for the kernel, and no longer than a deadline.
import { setTimeout as sleep } from 'node:timers/promises';

/** What `pending` comes to, or undefined where that takes longer; then nobody waits for it any more. */
export async function withinDeadline<Value>(pending: Promise<Value>, milliseconds: number): Promise<Value | undefined> {
  const limit = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: limit.signal }).catch(() => undefined);
  try {
    return await Promise.race([pending, late]);
  } finally {
    limit.abort();
  }
}

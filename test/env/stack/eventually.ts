// Waiting for a condition: no fixed sleeps.
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;

/** Repeats `check` until it doesn't throw; throws its last error after `timeoutMs`. */
export async function eventually<T>(check: () => Promise<T> | T, timeoutMs = 30_000): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await sleep(POLL_MS);
    }
  }
}

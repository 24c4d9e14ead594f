// Waiting for a condition: no fixed sleeps.
import { setTimeout as sleep } from 'node:timers/promises';
import { TestNodeError } from '../node/index.js';

/** The first pause; each is longer than the one before, because a check on a test node costs it processes. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

/**
 * Repeats `check` until it doesn't throw; throws its last error after `timeoutMs`, or at once when that is that a node has
 * ended: nothing comes true there any more.
 */
export async function eventually<T>(check: () => Promise<T> | T, timeoutMs = 30_000): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    try {
      return await check();
    } catch (error) {
      const ended = error instanceof TestNodeError && error.code === 'NODE_ENDED';
      if (ended || performance.now() > end) throw error;
      await sleep(pause);
    }
  }
}

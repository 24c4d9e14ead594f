// Whether udev is done with what the kernel has told it of.
import { setTimeout as sleep } from 'node:timers/promises';
import { exists } from '../files/exists.js';

/** There while systemd-udevd has events that wait or are worked at. */
const QUEUE = '/run/udev/queue';
const POLL_MS = 250;

/** Resolves when it is, or after the time. Without udev there is nothing to wait for. */
export async function waitForUdev(timeoutMs: number, queue = QUEUE): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (performance.now() < end && (await exists(queue))) await sleep(POLL_MS);
}

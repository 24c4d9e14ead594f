// Waiting for udev, whose queue is a file that is there while there are events.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitForUdev } from './udev.js';

const LONG_MS = 60_000;
let directory: string;
let queue: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'scst-udev-'));
  queue = join(directory, 'queue');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Whether it has ended by the time that several looks at the queue take. */
async function ended(waiting: Promise<void>): Promise<boolean> {
  return Promise.race([
    waiting.then(() => true),
    new Promise<false>((resolve) => setTimeout(() => resolve(false), 1_000)),
  ]);
}

it('is over at once without udev, or without events', async () => {
  await waitForUdev(LONG_MS, queue);
  await waitForUdev(LONG_MS, join(directory, 'none/queue'));
});

it('ends when the events have', async () => {
  writeFileSync(queue, '');
  const waiting = waitForUdev(LONG_MS, queue);
  expect(await ended(waiting)).toBe(false);
  rmSync(queue);
  await waiting;
});

it('ends after its time where udev gets done with nothing', async () => {
  writeFileSync(queue, '');
  await waitForUdev(300, queue);
});

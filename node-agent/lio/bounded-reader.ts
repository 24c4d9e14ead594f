// Reads of configfs and sysfs with a deadline: a read below an object whose step is stuck in the kernel never returns.
import DataLoader from 'dataloader';
import pLimit from 'p-limit';
import { withinDeadline } from './deadline.js';
import { foundOf, readEach, type Found, type ReadRequest } from '../native/read-together.js';

/** The kernel doesn't answer: some step, ours or another program's, holds the object. */
export class KernelStalled extends Error {
  readonly code = 'KernelStalled';

  constructor(readonly path: string) {
    super(`reading ${path} doesn’t return: a step on it, perhaps of another program, is stuck in the kernel`);
  }
}

/** Reads at a time where each is on its own: more would wait for threads until their deadline. */
const CONCURRENT = 32;

/**
 * Reads what is asked for at one moment in one go. Where that doesn't return each object is read on its own, so that the others
 * are known; and none is read again while a read of it still hangs.
 */
export class BoundedReader {
  /** Roots of reads that still hang. */
  private readonly hanging = new Set<string>();
  private together = true;
  private readonly limit = pLimit(CONCURRENT);
  private readonly loader = new DataLoader((requests: readonly ReadRequest[]) => this.readEach(requests), {
    cache: false,
  });

  constructor(private readonly deadlineMs = 10_000) {}

  /** Throws what reading throws, or KernelStalled. */
  async read(request: ReadRequest): Promise<Found> {
    return foundOf(await this.loader.load(request));
  }

  private async readEach(requests: readonly ReadRequest[]): Promise<PromiseSettledResult<Found>[]> {
    if (this.together && !requests.some(({ root }) => this.hanging.has(root))) {
      const reading = readEach(requests);
      const found = await withinDeadline(reading, this.deadlineMs);
      if (found !== undefined) return found;
      this.together = false;
      void reading.then(() => (this.together = true));
    }
    return Promise.all(requests.map((request) => this.limit(() => this.readAlone(request))));
  }

  private async readAlone(request: ReadRequest): Promise<PromiseSettledResult<Found>> {
    const { root } = request;
    const stalled = { status: 'rejected' as const, reason: new KernelStalled(root) };
    if (this.hanging.has(root)) return stalled;
    const reading = readEach([request]);
    const [found] = (await withinDeadline(reading, this.deadlineMs)) ?? [];
    if (found !== undefined) return found;
    this.hanging.add(root);
    void reading.then(() => this.hanging.delete(root));
    return stalled;
  }
}

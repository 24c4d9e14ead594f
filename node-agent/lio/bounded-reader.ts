// Reads of configfs and sysfs with a deadline: a read below an object whose step is stuck in the kernel never returns.

/** The kernel doesn't answer: some step, ours or another program's, holds the object. */
export class KernelStalled extends Error {
  readonly code = 'KernelStalled';

  constructor(readonly path: string) {
    super(`reading ${path} doesn’t return: a step on it, perhaps of another program, is stuck in the kernel`);
  }
}

const CONCURRENT = 32;

/** Bounds the number of open files and each read's duration, and never asks again where a read still hangs. */
export class BoundedReader {
  private readonly hanging = new Set<string>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(private readonly deadlineMs = 10_000) {}

  /** The result of `read`. Throws what it throws, or KernelStalled. */
  async read<Value>(path: string, read: (path: string) => Promise<Value>): Promise<Value> {
    if (this.hanging.has(path)) throw new KernelStalled(path);
    if (this.running >= CONCURRENT) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    const pending = read(path);
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.hanging.add(path);
        const returned = (): void => void this.hanging.delete(path);
        pending.then(returned, returned);
        reject(new KernelStalled(path));
      }, this.deadlineMs);
    });
    try {
      return await Promise.race([pending, deadline]);
    } finally {
      clearTimeout(timer);
      this.next();
    }
  }

  private next(): void {
    const resume = this.waiting.shift();
    if (resume === undefined) this.running -= 1;
    else resume();
  }
}

// How often one thing may be written: the first change at once, a stream of changes ever more seldom.

export interface PaceOptions {
  readonly firstMilliseconds: number;
  readonly limitMilliseconds: number;
}

interface Written {
  at: number;
  interval: number;
}

/**
 * Bounds the writes of N changes by their duration, not by N: after each write the next one of the same key has to
 * wait, twice as long as the last time while changes go on, and no longer once they paused.
 */
export class Pace {
  private readonly written = new Map<string, Written>();

  constructor(
    private readonly options: PaceOptions,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Milliseconds until `key` may be written; 0 = now. */
  wait(key: string): number {
    const last = this.written.get(key);
    return last === undefined ? 0 : Math.max(0, last.at + last.interval - this.now());
  }

  wrote(key: string): void {
    const { firstMilliseconds, limitMilliseconds } = this.options;
    const now = this.now();
    const last = this.written.get(key);
    const busy = last !== undefined && now - last.at < 2 * Math.max(last.interval, firstMilliseconds);
    const interval = busy ? Math.min(2 * last.interval, limitMilliseconds) : firstMilliseconds;
    this.written.set(key, { at: now, interval });
  }

  forget(key: string): void {
    this.written.delete(key);
  }
}

// A queue of keys: each key once, never twice at the same time, retried with a growing delay until it succeeds.

const FIRST_DELAY_MS = 5;
const LIMIT_DELAY_MS = 1_000_000;

/** A failure that no repetition heals: the key waits for its next change instead of being retried. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly code = 'TERMINAL';
}

export interface Outcome {
  /** Do it again after this time, even if nothing changes, in milliseconds. */
  readonly requeueAfterMilliseconds?: number;
}

export type Reconcile = (key: string) => Promise<Outcome | void>;

export interface WorkQueueObserver {
  depth?(waiting: number): void;
  done?(key: string, result: 'success' | 'requeue_after' | 'error' | 'terminal', seconds: number): void;
  failed?(key: string, error: unknown, attempt: number, delayMilliseconds: number | undefined): void;
}

export interface WorkQueueOptions {
  readonly workers: number;
  readonly observer?: WorkQueueObserver;
  /** Milliseconds until the next attempt after `attempt` failures in a row (from 1). Default: 5 ms doubled, to 1000 s. */
  readonly delay?: (attempt: number, error: unknown) => number;
}

export class WorkQueue {
  /** Keys in the order of arrival; a Set is what makes each wait once. */
  private readonly waiting = new Set<string>();
  private readonly active = new Set<string>();
  /** Keys that were added while they were being worked on. */
  private readonly dirty = new Set<string>();
  private readonly timers = new Map<string, { due: number; timer: NodeJS.Timeout }>();
  private readonly failures = new Map<string, number>();
  private running = false;
  private readonly drained: (() => void)[] = [];

  constructor(
    private readonly reconcile: Reconcile,
    private readonly options: WorkQueueOptions,
  ) {}

  /** Keys that are ready to be worked on. */
  get depth(): number {
    return this.waiting.size;
  }

  /** Begins to work; keys may be added before. */
  start(): void {
    this.running = true;
    this.fill();
  }

  /** Takes up no further key; resolves when those in work are done. Keys that wait are forgotten. */
  async stop(): Promise<void> {
    this.running = false;
    this.timers.forEach(({ timer }) => clearTimeout(timer));
    [this.timers, this.waiting, this.dirty, this.failures].forEach((collection) => collection.clear());
    if (this.active.size > 0) {
      await new Promise<void>((resolve) => this.drained.push(resolve));
    }
  }

  /** Work on `key` as soon as a worker is free, whatever delay it was waiting for. */
  add(key: string): void {
    this.cancel(key);
    if (this.active.has(key)) {
      this.dirty.add(key);
    } else {
      this.waiting.add(key);
      this.options.observer?.depth?.(this.waiting.size);
      this.fill();
    }
  }

  /** Work on `key` after a time, in milliseconds; the earlier of two such wishes counts. */
  addAfter(key: string, milliseconds: number): void {
    const due = performance.now() + milliseconds;
    const planned = this.timers.get(key);
    if (this.waiting.has(key) || (planned !== undefined && planned.due <= due)) {
      return;
    }
    this.cancel(key);
    this.timers.set(key, { due, timer: setTimeout(() => this.add(key), milliseconds) });
  }

  private cancel(key: string): void {
    clearTimeout(this.timers.get(key)?.timer);
    this.timers.delete(key);
  }

  private fill(): void {
    while (this.running && this.active.size < this.options.workers) {
      const [key] = this.waiting;
      if (key === undefined) {
        return;
      }
      this.waiting.delete(key);
      this.active.add(key);
      this.options.observer?.depth?.(this.waiting.size);
      void this.work(key);
    }
  }

  /** Never rejects: whatever the reconciliation throws becomes a delay. */
  private async work(key: string): Promise<void> {
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    const { observer } = this.options;
    try {
      const outcome = await this.reconcile(key);
      const after = outcome?.requeueAfterMilliseconds;
      this.failures.delete(key);
      observer?.done?.(key, after === undefined ? 'success' : 'requeue_after', seconds());
      this.finish(key, after);
    } catch (error) {
      const terminal = error instanceof TerminalError;
      const attempt = (this.failures.get(key) ?? 0) + 1;
      const delay = terminal ? undefined : (this.options.delay?.(attempt, error) ?? exponentialDelay(attempt));
      if (terminal) {
        this.failures.delete(key);
      } else if (this.running) {
        this.failures.set(key, attempt);
      }
      observer?.done?.(key, terminal ? 'terminal' : 'error', seconds());
      observer?.failed?.(key, error, attempt, delay);
      this.finish(key, delay);
    }
  }

  private finish(key: string, delayMilliseconds: number | undefined): void {
    this.active.delete(key);
    if (this.running) {
      if (this.dirty.delete(key)) {
        this.add(key);
      } else if (delayMilliseconds !== undefined) {
        this.addAfter(key, delayMilliseconds);
      }
      this.fill();
    }
    if (this.active.size === 0) {
      this.drained.splice(0).forEach((resolve) => resolve());
    }
  }
}

/** 5 ms, doubled for each further failure, up to 1000 s (the delays that operators in Go have by default). */
export function exponentialDelay(attempt: number, limitMilliseconds = LIMIT_DELAY_MS): number {
  return Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), limitMilliseconds);
}

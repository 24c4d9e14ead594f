// One term of leadership: a work queue that runs from the moment this process leads until it doesn't.
import type { Logger } from 'pino';
import { ApiError, messageOf } from '../kube/errors.js';
import { WorkQueue, exponentialDelay } from '../kube/work-queue.js';
import type { ClusterState } from './cluster-state.js';
import type { Metrics } from './metrics.js';
import { Reconciler, type ReconcilerOptions } from './reconciler.js';

const WORKERS = 4;
const SCAN_MS = 1_000;
/** Everything is looked at again: heals what no event told. An unchanged object costs no write. */
const RESYNC_MS = 10 * 60_000;
/** The API server comes back sooner than the delays of a key that fails for reasons of its own would notice. */
const UNREACHABLE_LIMIT_MS = 15_000;

export interface TermOptions extends Omit<ReconcilerOptions, 'enqueue'> {
  readonly state: ClusterState;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export class Term {
  private readonly queue: WorkQueue;

  constructor(private readonly options: TermOptions) {
    const reconciler = new Reconciler({ ...options, enqueue: (key) => this.enqueue(key) });
    this.queue = new WorkQueue((key) => reconciler.reconcile(key), {
      workers: WORKERS,
      delay: delayAfter,
      observer: {
        ...options.metrics.queue,
        failed: (key, error, attempt, delayMilliseconds) => {
          // The first failures are mostly a cache that lags behind a write; they heal by themselves.
          const level = attempt < 3 ? 'debug' : 'warn';
          options.logger[level]({ key, attempt, delayMilliseconds, error: messageOf(error) }, 'reconciliation failed');
        },
      },
    });
  }

  enqueue(key: string): void {
    this.queue.add(key);
  }

  /** Resolves when `signal` is aborted and what was in work is done. */
  async run(signal: AbortSignal): Promise<void> {
    const { state } = this.options;
    const all = () => state.allKeys().forEach((key) => this.enqueue(key));
    state.flush();
    all();
    this.queue.start();
    const timers = [setInterval(() => state.scan(), SCAN_MS), setInterval(all, RESYNC_MS)];
    await aborted(signal);
    timers.forEach((timer) => clearInterval(timer));
    await this.queue.stop();
  }
}

function delayAfter(attempt: number, error: unknown): number {
  const asked = error instanceof ApiError ? (error.retryAfterMilliseconds ?? 0) : 0;
  const limit = error instanceof ApiError && error.retryable ? UNREACHABLE_LIMIT_MS : undefined;
  return Math.max(asked, exponentialDelay(attempt, limit));
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    } else {
      signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}

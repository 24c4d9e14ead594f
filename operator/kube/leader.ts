// Leader election: of several processes one leads, and each term of leadership has a number higher than all before.
import { sleep } from './backoff.js';
import { Lease, type LeaseOptions } from './lease.js';

export interface LeaderOptions extends LeaseOptions {
  /** The highest number of a term that is known to have been in use; a new term gets a higher one. Default: 0. */
  readonly highest?: () => number;
  /** Leads until `signal` is aborted, then tidies up; the Lease is not tried for again before it has resolved. */
  readonly lead: (epoch: number, signal: AbortSignal) => Promise<void>;
  readonly onError?: (error: unknown) => void;
}

/** Of the duration: a leader that couldn't renew for so long stops, well before anybody else may begin. */
const RENEW_DEADLINE = 2 / 3;
/** Of the duration: how often the Lease is tried for or renewed. */
const RETRY_PERIOD = 2 / 15;

interface Term {
  readonly epoch: number;
  readonly over: AbortController;
  readonly done: Promise<void>;
  deadline: NodeJS.Timeout;
}

export class LeaderElector {
  private readonly lease: Lease;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private term: Term | undefined;

  constructor(private readonly options: LeaderOptions) {
    this.lease = new Lease(options);
  }

  /** Number of the term of this process, or undefined while it is stand-by. */
  get epoch(): number | undefined {
    return this.term?.over.signal.aborted === false ? this.term.epoch : undefined;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Ends the term, waits until its work is done, and only then gives the Lease back. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const period = this.options.durationSeconds * 1000 * RETRY_PERIOD;
    while (!signal.aborted) {
      await this.step();
      await sleep(period, signal);
    }
    await this.endTerm();
    // The process ends anyway: without an answer the Lease runs out by itself.
    await this.lease.release().catch((error: unknown) => this.options.onError?.(error));
  }

  private async step(): Promise<void> {
    if (this.term?.over.signal.aborted) {
      await this.endTerm();
    }
    try {
      const epoch = await this.lease.acquireOrRenew(this.floor());
      if (this.term !== undefined && this.term.epoch === epoch && !this.term.over.signal.aborted) {
        this.term.deadline.refresh();
        return;
      }
      await this.endTerm();
      if (epoch !== undefined) {
        this.term = this.begin(epoch);
      }
    } catch (error) {
      this.options.onError?.(error);
    }
  }

  private floor(): number {
    const highest = this.options.highest?.() ?? 0;
    return this.term !== undefined && highest <= this.term.epoch ? this.term.epoch : highest + 1;
  }

  private begin(epoch: number): Term {
    const over = new AbortController();
    const limit = this.options.durationSeconds * 1000 * RENEW_DEADLINE;
    return {
      epoch,
      over,
      done: this.options.lead(epoch, over.signal).catch((error: unknown) => this.options.onError?.(error)),
      deadline: setTimeout(() => over.abort(), limit),
    };
  }

  private async endTerm(): Promise<void> {
    clearTimeout(this.term?.deadline);
    this.term?.over.abort();
    await this.term?.done;
    this.term = undefined;
  }
}

// Sends the newest status: the first at once, later ones at most every 500 ms, failures again with back-off.
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

export interface StatusReporterOptions<Status> {
  send: (status: Status) => Promise<void>;
  /** Milliseconds between two sends. */
  intervalMs: number;
  /** Milliseconds of the longest wait after a failure. */
  maximumRetryMs: number;
  onError: (error: unknown) => void;
}

export class StatusReporter<Status> {
  private newest: Status | undefined;
  private sent: Status | undefined;
  private running: Promise<void> | undefined;
  private readonly stopping = new AbortController();

  constructor(private readonly options: StatusReporterOptions<Status>) {}

  /** The status that was sent last without an error. */
  get lastSent(): Status | undefined {
    return this.sent;
  }

  /** Only the newest status is ever sent; an unchanged one isn't. */
  report(status: Status): void {
    this.newest = status;
    if (this.running === undefined && this.due) this.running = this.run();
  }

  /** Forgets what was sent, so that the next report is sent even if unchanged (its object was made again). */
  invalidate(): void {
    this.sent = undefined;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private get due(): boolean {
    return !this.stopping.signal.aborted && this.newest !== undefined && !isDeepStrictEqual(this.newest, this.sent);
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (this.due) {
      const status = this.newest as Status;
      let pause = this.options.intervalMs;
      try {
        await this.options.send(status);
        this.sent = status;
        failures = 0;
      } catch (error) {
        this.options.onError(error);
        pause = Math.min(this.options.intervalMs * 2 ** failures++, this.options.maximumRetryMs);
      }
      await sleep(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
    // In the same turn as the last look: a report that comes any later starts anew.
    this.running = undefined;
  }
}

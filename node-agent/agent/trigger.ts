// When a pass runs: on request (coalesced), and by itself after an interval with jitter; never two at once.
import { setTimeout as sleep } from 'node:timers/promises';

export interface TriggerOptions {
  /** Milliseconds between passes when nothing asks for one; ±20 % jitter keeps a fleet of nodes apart. */
  intervalMs: number;
  /** Milliseconds to the next pass after one that threw; doubles up to the interval. */
  retryMs: number;
  /** The pass: resolves to the milliseconds after which it wants to run again, or undefined for the interval. */
  pass: () => Promise<number | undefined>;
  onError: (error: unknown) => void;
  /** 0 ≤ n < 1; replaceable for tests. */
  random?: () => number;
}

/** A loop that is run() once and asked for passes by request(). */
export class PassTrigger {
  private wake = new AbortController();
  private requested = false;
  private stopped = false;

  constructor(private readonly options: TriggerOptions) {}

  /** Asks for a pass as soon as the running one has ended. */
  request(): void {
    this.requested = true;
    this.wake.abort();
  }

  /** Ends run() after the pass that is running. */
  stop(): void {
    this.stopped = true;
    this.wake.abort();
  }

  async run(): Promise<void> {
    let failures = 0;
    while (!this.stopped) {
      this.requested = false;
      this.wake = new AbortController();
      let delay: number;
      try {
        delay = (await this.options.pass()) ?? this.interval();
        failures = 0;
      } catch (error) {
        this.options.onError(error);
        delay = Math.min(this.options.retryMs * 2 ** failures++, this.options.intervalMs);
      }
      if (!this.requested && !this.stopped)
        await sleep(delay, undefined, { signal: this.wake.signal }).catch(() => undefined);
    }
  }

  private interval(): number {
    const random = this.options.random ?? Math.random;
    return this.options.intervalMs * (0.8 + 0.4 * random());
  }
}

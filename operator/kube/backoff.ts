// Growing delays between attempts, with jitter so that many processes don't come back at the same moment.

export interface BackoffOptions {
  readonly firstMilliseconds: number;
  readonly factor: number;
  readonly limitMilliseconds: number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** How much a delay may differ from its nominal value, either way. */
const JITTER = 0.2;

export class Backoff {
  private attempts = 0;

  constructor(private readonly options: BackoffOptions) {}

  /** The delay before the next attempt, in milliseconds. */
  next(): number {
    const { firstMilliseconds, factor, limitMilliseconds, random = Math.random } = this.options;
    const nominal = Math.min(firstMilliseconds * factor ** this.attempts, limitMilliseconds);
    this.attempts += 1;
    return nominal * (1 - JITTER + 2 * JITTER * random());
  }

  reset(): void {
    this.attempts = 0;
  }
}

/** Resolves after `milliseconds`, or at once when `signal` is aborted; never rejects. */
export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}

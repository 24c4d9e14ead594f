// How often one thing may be written: a few changes at once, a stream of changes at a bounded rate.

export interface PaceOptions {
  /** Writes that a pause saves up. */
  readonly burst: number;
  /** Time in which one further write is earned. */
  readonly refillMilliseconds: number;
  /** At least so much between two writes, so that what comes together goes together. */
  readonly spacingMilliseconds: number;
}

interface Account {
  /** As of `at`. */
  tokens: number;
  at: number;
}

/**
 * Bounds the writes that N changes cause by how long the changes take, not by N. A person who changes a few objects
 * never waits for it.
 */
export class Pace {
  private readonly accounts = new Map<string, Account>();

  constructor(
    private readonly options: PaceOptions,
    /** Milliseconds, monotonic. */
    private readonly now: () => number,
  ) {}

  /** Milliseconds until `key` may be written; 0 = now. */
  wait(key: string): number {
    const account = this.accounts.get(key);
    if (account === undefined) {
      return 0;
    }
    const { refillMilliseconds, spacingMilliseconds } = this.options;
    const untilToken = (1 - this.tokens(account)) * refillMilliseconds;
    return Math.ceil(Math.max(0, untilToken, account.at + spacingMilliseconds - this.now()));
  }

  /** Whether a write of `key` is on record. */
  knows(key: string): boolean {
    return this.accounts.has(key);
  }

  wrote(key: string): void {
    const account = this.accounts.get(key);
    const tokens = account === undefined ? this.options.burst : this.tokens(account);
    this.accounts.set(key, { tokens: tokens - 1, at: this.now() });
  }

  forget(key: string): void {
    this.accounts.delete(key);
  }

  private tokens({ tokens, at }: Account): number {
    const { burst, refillMilliseconds } = this.options;
    return Math.min(burst, tokens + (this.now() - at) / refillMilliseconds);
  }
}

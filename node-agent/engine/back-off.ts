// When something that failed is tried again: after a time that doubles.

export class BackOff {
  private delayMs: number;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly limits: { initialMs: number; maximumMs: number },
    private readonly retry: () => void,
  ) {
    this.delayMs = limits.initialMs;
  }

  get waiting(): boolean {
    return this.timer !== undefined;
  }

  /** Calls retry once after the present delay; no effect while it is waiting already. */
  arm(): void {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.retry();
    }, this.delayMs);
    this.timer.unref();
    this.delayMs = Math.min(this.delayMs * 2, this.limits.maximumMs);
  }

  /** After a success, or when something else gave reason to try at once. */
  reset(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.delayMs = this.limits.initialMs;
  }
}

// Ctrl-C: the first one stops in good order, the second one at once.
const AT_ONCE = 130;

export class Interruption {
  happened = false;
  /** Resolves with the first signal. */
  readonly came: Promise<void>;

  constructor(onFirst: () => void) {
    this.came = new Promise((resolve) => {
      const interrupt = (): void => {
        if (this.happened) process.exit(AT_ONCE);
        this.happened = true;
        onFirst();
        resolve();
      };
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
    });
  }
}

// What has to be stopped at the end, in the opposite order of its start.

export class Stops {
  private readonly stops: (() => Promise<void>)[] = [];
  private running = false;

  /** Once run() was called, `stop` runs at once, and this throws: what starts after the end has no place any more. */
  async add(stop: () => Promise<void>): Promise<void> {
    if (this.running) {
      await stop();
      throw new Error('the demo was stopped');
    }
    this.stops.unshift(stop);
  }

  /** Runs every one, even if one fails; throws the first failure. */
  async run(): Promise<void> {
    this.running = true;
    const failures: unknown[] = [];
    for (const stop of this.stops) await stop().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}

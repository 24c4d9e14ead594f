// The order of slow commands on one logical unit: shared ones beside each other, an exclusive one with nothing else running,
// and detached ones that nothing waits for.
import type { Access } from '../scsi/index.js';

export interface Job {
  readonly access: Access;
  /** Nobody's command: a queue that is held runs it all the same. */
  readonly ownWork?: true;
  /** Must not reject. */
  run(): Promise<void>;
}

/** What keeps the fast path out: the native unit. */
export interface Gate {
  /** Resolves when no command runs in native code and none starts any more. */
  closeGate(): Promise<void>;
  openGate(): void;
}

/**
 * First in, first out, but that shared jobs overlap, and detached ones run beside anything. While an exclusive job waits for the running ones, nothing
 * behind it starts, so it can't starve. Exclusive jobs in a row share one closing of the gate.
 */
export class UnitQueue<J extends Job> {
  private readonly waiting: J[] = [];
  private running = 0;
  private exclusive = false;
  private stopped = false;
  private held = false;
  private readonly onIdle: (() => void)[] = [];

  constructor(private readonly gate: Gate) {}

  push(job: J): void {
    this.waiting.push(job);
    this.pump();
  }

  /** Before all that wait. */
  pushFirst(job: J): void {
    this.waiting.unshift(job);
    this.pump();
  }

  /** Takes out the jobs that match and have not started. */
  withdraw(match: (job: J) => boolean): J[] {
    const withdrawn = this.waiting.filter(match);
    this.waiting.splice(0, this.waiting.length, ...this.waiting.filter((job) => !withdrawn.includes(job)));
    return withdrawn;
  }

  /** To be called by an exclusive job: from its end on, only the unit's own work runs, and none in native code. */
  async hold(): Promise<void> {
    if (this.held) return;
    this.held = true;
    await this.gate.closeGate();
  }

  /** Likewise: what waits runs again. */
  release(): void {
    if (!this.held) return;
    this.held = false;
    this.gate.openGate();
  }

  /** Starts no job any more; resolves when none runs. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.idle();
  }

  private pump(): void {
    while (!this.exclusive && !this.stopped) {
      const head = this.next();
      if (head === undefined) return;
      if (head.access === 'exclusive') {
        this.exclusive = true;
        void this.runExclusive();
        return;
      }
      this.take(head);
      if (head.access === 'detached') void head.run();
      else void this.run(head).then(() => this.pump());
    }
  }

  private async runExclusive(): Promise<void> {
    await this.gate.closeGate();
    await this.idle();
    // The job that closed the gate may have been withdrawn meanwhile.
    for (let head = this.next(); head?.access === 'exclusive' && !this.stopped; head = this.next()) {
      this.take(head);
      await this.run(head);
    }
    this.gate.openGate();
    this.exclusive = false;
    this.pump();
  }

  /** The first that may run. */
  private next(): J | undefined {
    return this.held ? this.waiting.find(({ ownWork }) => ownWork) : this.waiting[0];
  }

  private take(job: J): void {
    this.waiting.splice(this.waiting.indexOf(job), 1);
  }

  private async run(job: J): Promise<void> {
    this.running += 1;
    try {
      await job.run();
    } finally {
      this.running -= 1;
      if (this.running === 0) for (const resolve of this.onIdle.splice(0)) resolve();
    }
  }

  private async idle(): Promise<void> {
    if (this.running > 0) await new Promise<void>((resolve) => this.onIdle.push(resolve));
  }
}

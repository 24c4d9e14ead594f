// The EXTENDED COPY commands of a unit that are on their way: their parts run in the queues of the units that they reach.
import type { CopyPeer, CopyPeers } from '../scsi/index.js';
import type { Ring } from './ring.js';
import type { ReachableUnit } from './serving-unit.js';

interface RunningCopy {
  readonly ring: Ring;
  readonly id: number;
  readonly cancellation: AbortController;
  /** Never rejects. */
  readonly ended: Promise<unknown>;
}

export class RunningCopies {
  private readonly running = new Set<RunningCopy>();

  constructor(private readonly reachable: (sessionUid: string) => Iterable<ReachableUnit>) {}

  /** `copy` must not reject. With a cancelled one, what a peer runs ends by CopyCancelled. */
  async run<T>(ring: Ring, id: number, copy: (peers: CopyPeers) => Promise<T>): Promise<T> {
    const cancellation = new AbortController();
    const ended = copy(() => this.peersOf(ring, cancellation.signal));
    const entry = { ring, id, cancellation, ended };
    this.running.add(entry);
    try {
      return await ended;
    } finally {
      this.running.delete(entry);
    }
  }

  /** Ends the matching ones between two of their parts; returns how many. */
  cancel(match: (ring: Ring, id: number) => boolean): number {
    const matching = [...this.running].filter(({ ring, id }) => match(ring, id));
    for (const { cancellation } of matching) cancellation.abort();
    return matching.length;
  }

  /** Resolves when those that run now, or of them those of a ring, have ended. */
  async end(of?: Ring): Promise<void> {
    const awaited = [...this.running].filter(({ ring }) => of === undefined || ring === of);
    await Promise.all(awaited.map(({ ended }) => ended));
  }

  private peersOf({ configuration }: Ring, signal: AbortSignal): CopyPeer[] {
    return [...this.reachable(configuration.sessionUid)].map(({ unit, nexusId }) => ({
      unit: unit.scsi,
      nexusId,
      run: (work) => unit.beside(work, signal),
    }));
  }
}

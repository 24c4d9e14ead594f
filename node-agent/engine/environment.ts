// What a logical unit of the engine needs from outside.
import type { Logger } from 'pino';
import type { BackingEnvironment } from '../backing/backing.js';
import type { RingKernel, UioDevice } from './ring-kernel.js';
import type { ReachableUnit } from './serving-unit.js';

export interface UnitEnvironment extends BackingEnvironment {
  kernel: RingKernel;
  /** For run state and flight records; gone with a reboot. */
  runDirectory: string;
  /** For what outlives a reboot. */
  stateDirectory: string;
  bootId: string;
  log: Logger;
  /** Milliseconds before a refused unit or a failed ring is tried again; doubles up to the maximum. */
  retry: { initialMs: number; maximumMs: number };
  /** The uio devices of the last look into the kernel, by ringKey. */
  devices(): Map<string, UioDevice>;
  /** Whether a unit other than that one serves the ring, or is about to let it go. */
  heldByOther(ringKey: string, uid: string): boolean;
  /** The open units that a session has LUNs of. */
  reachable(sessionUid: string): Iterable<ReachableUnit>;
  /** Something that status shows has changed by itself. */
  statusChanged(): void;
}

// The logical units that a copy can reach: those of which the command's session has a LUN (SCST's rule as well).
import type { LogicalUnit } from '../logical-unit.js';

export interface CopyPeer {
  /** As it is now; for identification only. */
  readonly unit: LogicalUnit;
  /** Id of the session's nexus with that unit. */
  readonly nexusId: string;
  /**
   * Runs as a command of that unit beside its others would, with the unit as it then is.
   * @throws what `work` throws, and CopyCancelled instead of running it
   */
  run<T>(work: (unit: LogicalUnit) => Promise<T>): Promise<T>;
}

/** The unit that the command came to is among them. */
export type CopyPeers = () => Iterable<CopyPeer>;

/** Task management or the engine's end stopped a copy between two of its parts. */
export class CopyCancelled extends Error {
  constructor() {
    super('the copy was cancelled');
  }
}

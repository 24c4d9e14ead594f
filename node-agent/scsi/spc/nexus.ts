// One I_T nexus as a logical unit sees it: who it is, and what the unit still has to tell it.
import type { NexusIdentity, SenseCode } from '../types.js';
import type { CopyRecord } from './copy/copies.js';

export interface Nexus {
  readonly id: string;
  /** Nothing while the nexus is known from a snapshot only and was not added again since the restart. */
  identity: NexusIdentity | undefined;
  /** Pending unit attention conditions, first to be reported first. */
  attentions: Pick<SenseCode, 'asc' | 'ascq'>[];
  /** PREVENT ALLOW MEDIUM REMOVAL with PREVENT=1. */
  preventsRemoval: boolean;
  /** What it wrote by WRITE BUFFER; it need not outlive the engine. */
  echoBuffer?: Uint8Array;
  /** By list identifier, oldest first; they need not outlive the engine either. */
  copies?: Map<number, CopyRecord>;
}

// The copies of an I_T nexus that RECEIVE COPY RESULTS can ask for, by list identifier (SPC-4 5.17.4, 6.4.3).
import type { Nexus } from '../nexus.js';
import { CheckCondition, SENSE, type SenseData } from '../sense.js';
import { CONCURRENT_COPIES, type LID1, type LID4 } from './limits.js';
import type { CopyOrder } from './parameter-list.js';

export interface CopyRecord {
  readonly serviceAction: typeof LID1 | typeof LID4;
  /** 'terminated': by task management. */
  state: 'inProgress' | 'completed' | 'failed' | 'terminated';
  /** Those that are done, and the one that is being copied. */
  segments: number;
  bytes: number;
  /** Reads and writes that ended well. */
  commands: number;
  /** Why it failed. */
  sense?: SenseData;
}

/** @throws CheckCondition if a copy of that list identifier goes on, or too many do */
export function beginCopy(
  nexus: Nexus,
  { listId, usage }: CopyOrder,
  serviceAction: CopyRecord['serviceAction'],
): CopyRecord {
  const record: CopyRecord = { serviceAction, state: 'inProgress', segments: 0, bytes: 0, commands: 0 };
  if (usage === undefined) return record;
  const copies = (nexus.copies ??= new Map<number, CopyRecord>());
  if (copies.get(listId)?.state === 'inProgress') throw new CheckCondition(SENSE.operationInProgress);
  copies.delete(listId);
  if (copies.size >= CONCURRENT_COPIES) {
    // In the order of their beginnings: the oldest result that nobody asked for makes room.
    const ended = [...copies].find(([, { state }]) => state !== 'inProgress');
    if (!ended) throw new CheckCondition(SENSE.insufficientResources);
    copies.delete(ended[0]);
  }
  copies.set(listId, record);
  return record;
}

/** Its record has the outcome. */
export function endCopy(nexus: Nexus, { listId, usage }: CopyOrder): void {
  if (usage === 'discard') nexus.copies?.delete(listId);
}

/** Kept until another copy has its list identifier, or its room (SPC-4 6.24). */
export function findCopy({ copies }: Nexus, listId: number): CopyRecord | undefined {
  return copies?.get(listId);
}

/** Told once when it has ended (SPC-4 6.25). */
export function takeCopy(nexus: Nexus, listId: number): CopyRecord | undefined {
  const record = findCopy(nexus, listId);
  if (record && record.state !== 'inProgress') nexus.copies?.delete(listId);
  return record;
}

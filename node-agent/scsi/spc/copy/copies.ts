// The copies of an I_T nexus that RECEIVE COPY RESULTS can ask for, by list identifier (SPC-4 6.4.3, 6.18).
import type { Nexus } from '../nexus.js';
import { CheckCondition, SENSE } from '../sense.js';
import { CONCURRENT_COPIES } from './limits.js';
import type { CopyOrder } from './parameter-list.js';

export interface CopyRecord {
  state: 'inProgress' | 'completed' | 'failed';
  /** Segments that are done. */
  segments: number;
  bytes: number;
}

/** @throws CheckCondition if a copy of that list identifier goes on, or too many do */
export function beginCopy(nexus: Nexus, { listId, usage }: CopyOrder): CopyRecord {
  const record: CopyRecord = { state: 'inProgress', segments: 0, bytes: 0 };
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

export function endCopy(nexus: Nexus, { listId, usage }: CopyOrder, record: CopyRecord, failed: boolean): void {
  record.state = failed ? 'failed' : 'completed';
  if (usage === 'discard') nexus.copies?.delete(listId);
}

/** Told once when it has ended. */
export function takeCopy({ copies }: Nexus, listId: number): CopyRecord | undefined {
  const record = copies?.get(listId);
  if (record && record.state !== 'inProgress') copies?.delete(listId);
  return record;
}

// Where a logical unit's state is kept: what outlives the engine, and what outlives the machine.
import type { Backing } from '../backing/backing.js';
import { names } from '../backing/file-name.js';
import { BackingRefused } from '../backing/errors.js';
import { applyDurableState, applySavedState, restore, type LogicalUnit } from '../scsi/index.js';
import { DurableStateFile } from './durable-state.js';
import type { UnitEnvironment } from './environment.js';
import { ReplayRecords, type BegunWrite, type StoredResult } from './replay-records.js';
import { RunStateFile, type StoredRunState } from './run-state.js';
import { WriteJournalFile } from './write-journal.js';

export interface UnitStores {
  readonly runState: RunStateFile;
  readonly durable: DurableStateFile;
  readonly records: ReplayRecords;
  readonly writes: WriteJournalFile;
}

/**
 * Into a freshly created unit before its first command: what a former engine of this boot left, else what was to outlive
 * the boot. A write that was begun is made again first. Throws BackingRefused where a reservation could be lost.
 */
export async function takeUpState(
  { runDirectory, stateDirectory, bootId, log }: UnitEnvironment,
  { uid, name }: { uid: string; name: string },
  scsi: LogicalUnit,
  backing: Backing | undefined,
): Promise<UnitStores> {
  const runState = new RunStateFile(runDirectory, uid, bootId);
  const durable = new DurableStateFile(stateDirectory, uid);
  const stored = await runState.load().catch((error: unknown) => {
    // Reservations and unit attentions are lost then; a disk that doesn't come back would be worse.
    log.error({ err: error, device: name }, 'the run state is unreadable: starting without it');
    return undefined;
  });
  await restoreInto(scsi, stored, durable);
  const begun = await makeGood(stored?.begunWrite ?? undefined, backing);
  const writes = new WriteJournalFile(stateDirectory, uid);
  if (begun === 'ofAnotherFile' || (backing !== undefined && !(await writes.makeGood(backing))))
    log.error({ device: name }, 'a write that was begun on another file is dropped');
  const results = begun === 'none' || begun === 'ofAnotherFile' ? [] : [begun];
  const records = new ReplayRecords([...(stored?.results ?? []), ...results]);
  return { runState, durable, records, writes };
}

/** The result that its command has now, once it is sent again. */
async function makeGood(
  begun: BegunWrite | undefined,
  backing: Backing | undefined,
): Promise<StoredResult | 'none' | 'ofAnotherFile'> {
  if (begun === undefined) return 'none';
  if (backing === undefined)
    throw new BackingRefused('Inactive', 'a write that was begun can be made good only when active is true again');
  if (begun.file !== undefined && !names(begun.file, backing)) return 'ofAnotherFile';
  await backing.medium.write(begun.offset, Buffer.from(begun.data, 'base64'), true);
  return begun.result;
}

async function restoreInto(
  scsi: LogicalUnit,
  stored: StoredRunState | undefined,
  durable: DurableStateFile,
): Promise<void> {
  try {
    const kept = await durable.load();
    if (stored !== undefined) restore(scsi, stored.snapshot);
    if (kept === undefined) return;
    if (stored === undefined) applyDurableState(scsi, kept);
    else applySavedState(scsi, kept);
  } catch (error) {
    const message = `${durable.path} can't be read (${(error as Error).message}): it may hold a reservation that must not lapse; remove it to start without`;
    throw new BackingRefused('StateUnreadable', message, { cause: error });
  }
}

// Runs one command of a ring: in the SCSI layer, under the flight recorder, with its result kept where it must not run twice.
import type { Backing } from '../backing/backing.js';
import { fileNameOf } from '../backing/file-name.js';
import type { HandedOverCommand } from '../native/types.js';
import {
  checkCondition,
  CopyCancelled,
  execute,
  runsOnce,
  SENSE,
  STATUS,
  type Access,
  type CommandResult,
  type CopyPeers,
  type LogicalUnit,
  type WriteJournal,
} from '../scsi/index.js';
import type { Logger } from 'pino';
import type { FlightRecorder } from './flight-recorder.js';
import { resultOf } from './replay-records.js';
import { internalFailure, nativeFailure, TASK_ABORTED } from './results.js';
import type { Ring } from './ring.js';
import type { RunningCopies } from './running-copies.js';
import type { UnitStores } from './unit-stores.js';

/** A command's result, and what is to be done once it is out. */
export interface Answer {
  readonly result: CommandResult;
  readonly answered?: () => void;
}

/** The unit that the command is for. */
export interface RunnerUnit {
  readonly scsi: LogicalUnit;
  readonly backing: Backing | undefined;
  readonly copies: RunningCopies;
  /** The engine ends. */
  readonly closing: boolean;
  /** Keeps and publishes what a command has changed. */
  settle(access: Access): Promise<void>;
  saveRunState(): Promise<void>;
  /** What PREEMPT AND ABORT took from its nexus must not start any more. */
  abortTaskSets(nexusId: string): void;
  continueOperation(): void;
}

export class CommandRunner {
  /** Commands that made the SCSI layer throw. */
  internalFailures = 0;

  constructor(
    private readonly unit: RunnerUnit,
    private readonly stores: UnitStores,
    private readonly flight: FlightRecorder,
    private readonly log: Logger,
  ) {}

  /**
   * Never rejects. Undefined: the engine ends, and leaves the command to its successor. The answer must go out only after
   * the state that it tells of can't be forgotten any more.
   */
  async run(ring: Ring, command: HandedOverCommand, access: Access): Promise<Answer | undefined> {
    if (access === 'detached') return await this.copy(ring, command);
    const { cdb } = command;
    return await this.guarded(ring, cdb, async () => {
      if (command.failure === undefined && runsOnce(this.unit.scsi, cdb)) return await this.runOnce(ring, command);
      const result = await this.execute(ring, command);
      await this.unit.settle(access);
      this.unit.continueOperation();
      return { result };
    });
  }

  private async copy(ring: Ring, command: HandedOverCommand): Promise<Answer | undefined> {
    const { id, cdb, dataOut, dataInLength } = command;
    const copy = (peers: CopyPeers) =>
      this.guarded(ring, cdb, async () => {
        try {
          return { result: await execute(this.unit.scsi, ring.nexusId, cdb, dataOut, dataInLength, { peers }) };
        } catch (error) {
          if (!(error instanceof CopyCancelled)) throw error;
          return this.unit.closing ? undefined : { result: TASK_ABORTED };
        }
      });
    return await this.unit.copies.run(ring, id, copy);
  }

  private async guarded<T>(ring: Ring, cdb: Uint8Array, work: () => Promise<T>): Promise<T | Answer> {
    try {
      return await this.flight.during(ring.key, cdb, work);
    } catch (error) {
      this.internalFailures += 1;
      ring.log.error({ err: error, opcode: cdb[0] }, 'internal failure: the command ends with HARDWARE ERROR');
      return { result: internalFailure(this.unit.scsi) };
    }
  }

  /** For commands that a second execution would answer otherwise: the result is kept until it is out. */
  private async runOnce(ring: Ring, command: HandedOverCommand): Promise<Answer> {
    const { cdb, dataOut, dataInLength } = command;
    const { records, writes } = this.stores;
    const known = records.take(ring.nexusId, cdb, dataOut);
    if (known !== undefined) return { result: known };
    const journal = this.journalOf(resultOf(ring.nexusId, cdb, dataOut, { status: STATUS.good }));
    const before = this.unit.scsi.persistentReservations;
    let result: CommandResult;
    try {
      result = await execute(this.unit.scsi, ring.nexusId, cdb, dataOut, dataInLength, { journal });
    } finally {
      // Whatever came of the write: made good later, it would come too late.
      records.endWrite();
      await writes.end();
    }
    if (!(await this.saveDurably(before)))
      result = checkCondition(this.unit.scsi, SENSE.insufficientRegistrationResources);
    this.unit.abortTaskSets(ring.nexusId);
    const drop = records.finish(resultOf(ring.nexusId, cdb, dataOut, result));
    await this.unit.settle('exclusive');
    const answered = (): void => {
      drop();
      this.unit
        .saveRunState()
        .catch((error: unknown) => this.log.error({ err: error }, 'the run state was not written'));
    };
    return { result, answered };
  }

  private journalOf(good: ReturnType<typeof resultOf>): WriteJournal {
    const { records, writes } = this.stores;
    return {
      begin: async (offset, data, durability) => {
        const { backing } = this.unit;
        // Nothing to write to, nothing begun: the command itself ends as NOT READY.
        if (backing === undefined) return;
        if (durability === 'throughPowerLoss') await writes.begin(backing, offset, data);
        records.begin(good, fileNameOf(backing), offset, data);
        await this.unit.saveRunState();
      },
    };
  }

  /** False: it can't be written, and the persistent reservations are what they were before. */
  private async saveDurably(before: LogicalUnit['persistentReservations']): Promise<boolean> {
    const { scsi } = this.unit;
    try {
      await this.stores.durable.save(scsi);
      return true;
    } catch (error) {
      this.log.error({ err: error }, 'a persistent reservation could not be made durable');
      scsi.persistentReservations = before;
      scsi.stateVersion += 1;
      return false;
    }
  }

  private async execute(
    ring: Ring,
    { cdb, dataOut, dataInLength, failure }: HandedOverCommand,
  ): Promise<CommandResult> {
    const { scsi } = this.unit;
    if (failure === undefined) return await execute(scsi, ring.nexusId, cdb, dataOut, dataInLength);
    ring.log.error({ ...failure, opcode: cdb[0] }, 'the backing file failed');
    return nativeFailure(scsi, failure);
  }
}

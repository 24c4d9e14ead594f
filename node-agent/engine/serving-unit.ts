// A logical unit whose backing is open: runs what its rings hand over, and keeps the fast path's flags true.
import type { Logger } from 'pino';
import type { FileBacking } from '../backing/file.js';
import { fileNameOf } from '../backing/file-name.js';
import type { HandedOverCommand, NativeUnit } from '../native/types.js';
import {
  accessOf,
  advance,
  checkCondition,
  CopyCancelled,
  endOperation,
  execute,
  flagsOf,
  noteMediumFailure,
  resetLogicalUnit,
  runsOnce,
  SENSE,
  STATUS,
  tellCommandsCleared,
  writeCacheEnabled,
  type Access,
  type CommandResult,
  type CopyPeers,
  type LogicalUnit,
  type WriteJournal,
} from '../scsi/index.js';
import type { FlightRecorder } from './flight-recorder.js';
import { internalFailure, nativeFailure, TASK_ABORTED } from './results.js';
import { flagBits, type Ring } from './ring.js';
import { resultOf } from './replay-records.js';
import { RunningCopies } from './running-copies.js';
import { UnitQueue, type Job } from './unit-queue.js';
import type { UnitStores } from './unit-stores.js';

/** A command of a ring, or with neither ring nor id work of the engine itself. */
interface UnitJob extends Job {
  readonly ring?: Ring;
  readonly id?: number;
  abort?(): void;
}

export interface ServingUnitParts {
  readonly native: NativeUnit;
  /** Those of the unit at the moment. */
  rings(): Iterable<Ring>;
  readonly stores: UnitStores;
  readonly flight: FlightRecorder;
  readonly reachable: (sessionUid: string) => Iterable<ReachableUnit>;
  /** Something that the unit's status shows has changed. */
  statusChanged(): void;
  readonly log: Logger;
}

/** A unit that a session has a LUN of, as the nexus of that id. */
export interface ReachableUnit {
  unit: ServingUnit;
  nexusId: string;
}

export class ServingUnit {
  /** Commands that made the SCSI layer throw. */
  internalFailures = 0;
  private readonly queue: UnitQueue<UnitJob>;
  private closing = false;
  /** What of the unit's lost writes was told. */
  private toldLost = false;
  private advancing: Promise<void> | undefined;
  private readonly copies: RunningCopies;

  constructor(
    public scsi: LogicalUnit,
    public backing: FileBacking | undefined,
    private readonly parts: ServingUnitParts,
  ) {
    this.queue = new UnitQueue(parts.native);
    this.copies = new RunningCopies(parts.reachable);
  }

  get native(): NativeUnit {
    return this.parts.native;
  }

  accept(ring: Ring, command: HandedOverCommand): void {
    this.queue.push(this.jobOf(ring, command));
  }

  /** Goes on with an operation on the whole medium, if one is under way: its commands are NOT READY meanwhile. */
  continueOperation(): void {
    if (this.advancing !== undefined || this.scsi.operation === undefined || this.scsi.operation.failed) return;
    this.advancing = this.advance();
    void this.operate(this.advancing).finally(() => (this.advancing = undefined));
  }

  private async advance(): Promise<void> {
    while (!this.closing && (await advance(this.scsi)));
  }

  private async operate(advancing: Promise<void>): Promise<void> {
    const { kind } = this.scsi.operation?.plan ?? {};
    this.parts.log.info({ kind }, 'an operation on the whole medium goes on');
    try {
      await advancing;
      // The next engine begins anew.
      if (this.closing) return;
      await this.exclusively(() => endOperation(this.scsi));
      this.parts.log.info(
        { kind, failed: this.scsi.operation?.failed ?? false },
        'an operation on the whole medium has ended',
      );
    } catch (error) {
      this.parts.log.error({ err: error, kind }, 'an operation on the whole medium broke off');
    }
  }

  /** Runs `work` while no command of the unit runs; then what it changed is persisted and published. */
  async exclusively<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.closing) throw new Error('the logical unit is closing');
    return await new Promise<T>((resolve, reject) => {
      this.queue.push({ access: 'exclusive', run: () => this.section(work).then(resolve, reject) });
    });
  }

  /** Runs `work` as a command beside others. Rejects with CopyCancelled instead of beginning it after `signal`, or a close. */
  beside<T>(work: (scsi: LogicalUnit) => Promise<T>, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.closing || signal.aborted) return reject(new CopyCancelled());
      const withdraw = (): void => {
        if (this.queue.withdraw((other) => other === job).length > 0) reject(new CopyCancelled());
      };
      const job: UnitJob = {
        access: 'shared',
        run: async () => {
          signal.removeEventListener('abort', withdraw);
          await work(this.scsi).then(resolve, reject);
          await this.settle('shared');
        },
        abort: () => reject(new CopyCancelled()),
      };
      signal.addEventListener('abort', withdraw, { once: true });
      this.queue.push(job);
    });
  }

  /** LOGICAL UNIT RESET: what waits ends as TASK ABORTED on every nexus, what runs is waited for. */
  reset(nexusId: string): void {
    this.abort(() => true);
    const reset = async () => {
      await this.copies.end();
      await this.section(() => resetLogicalUnit(this.scsi, nexusId));
    };
    const run = () =>
      reset().catch((error: unknown) => this.parts.log.error({ err: error }, 'logical unit reset failed'));
    this.queue.pushFirst({ access: 'exclusive', run });
  }

  /** Ends the matching commands that have not started, and copies between two of their parts; returns how many. */
  abort(match: (ring: Ring, id: number) => boolean): number {
    const aborted = this.withdraw(match);
    for (const job of aborted) job.abort?.();
    return aborted.length + this.copies.cancel(match);
  }

  /** The same for commands of several nexuses at the wish of one: the others are told as TAS says. */
  abortFor(nexusId: string, match: (ring: Ring, id: number) => boolean): number {
    const others = new Set<string>();
    const count = this.abort((ring, id) => {
      const matches = match(ring, id);
      if (matches && ring.nexusId !== nexusId) others.add(ring.nexusId);
      return matches;
    });
    tellCommandsCleared(this.scsi, others);
    this.settle('shared').catch((error: unknown) =>
      this.parts.log.error({ err: error }, 'the run state was not written'),
    );
    return count;
  }

  /** Forgets the ring's commands that have not started: its ring is gone, and nobody waits for an answer. */
  forget(ring: Ring): void {
    this.withdraw((other) => other === ring);
    this.copies.cancel((other) => other === ring);
  }

  publishFlags(): void {
    for (const ring of this.parts.rings()) if (ring.native !== undefined) ring.publish(this.flagsFor(ring));
  }

  flagsFor(ring: Ring): number {
    return flagBits(flagsOf(this.scsi, ring.nexusId));
  }

  /** Makes what was written durable. Throws MediumError. */
  async flush(): Promise<void> {
    try {
      await this.backing?.medium.flush();
    } catch (error) {
      noteMediumFailure(this.scsi, error);
      throw error;
    }
  }

  /** Takes no more commands, waits for those that run, and makes the medium durable. Commands stay in the rings. */
  async close(): Promise<void> {
    this.closing = true;
    this.copies.cancel(() => true);
    for (const job of this.queue.withdraw((each) => each.ring === undefined && each.abort !== undefined)) job.abort?.();
    await this.copies.end();
    await this.queue.stop();
    await Promise.all([...this.parts.rings()].map(async (ring) => ring.native?.stop()));
    // It writes to the medium: not beyond the closing of its descriptor. What it failed of is logged where it runs.
    await this.advancing?.catch(() => undefined);
    try {
      await this.flush().finally(() => this.saveRunState());
    } finally {
      this.native.close();
      await this.backing?.close();
    }
  }

  private withdraw(match: (ring: Ring, id: number) => boolean): UnitJob[] {
    return this.queue.withdraw(({ ring, id }) => ring !== undefined && id !== undefined && match(ring, id));
  }

  private jobOf(ring: Ring, command: HandedOverCommand): UnitJob {
    const { native } = ring;
    const access: Access = command.failure ? 'shared' : accessOf(this.scsi, command.cdb);
    const complete = ({ status, data, sense }: CommandResult): void => {
      try {
        native?.complete(command.id, status, data ?? null, sense ?? null);
      } catch (error) {
        ring.log.error({ err: error, id: command.id }, 'a command could not be completed');
      }
    };
    return {
      ring,
      access,
      id: command.id,
      run: async () => {
        const answer = access === 'detached' ? this.copy(ring, command) : this.answer(ring, command, access);
        const { result, answered } = (await answer) ?? {};
        if (result !== undefined) complete(result);
        answered?.();
      },
      abort: () => complete(TASK_ABORTED),
    };
  }

  /** Never rejects. The answer must go out only after the state that it tells of can't be forgotten any more. */
  private async answer(ring: Ring, command: HandedOverCommand, access: Access): Promise<Answer> {
    const { cdb } = command;
    return await this.guarded(ring, cdb, async () => {
      if (command.failure === undefined && runsOnce(this.scsi, cdb)) return await this.answerOnce(ring, command);
      const result = await this.execute(ring, command);
      await this.settle(access);
      this.continueOperation();
      return { result };
    });
  }

  /** Undefined: the engine ends, and leaves the command to its successor. */
  private async copy(ring: Ring, command: HandedOverCommand): Promise<Answer | undefined> {
    const { id, cdb, dataOut, dataInLength } = command;
    const copy = (peers: CopyPeers) =>
      this.guarded(ring, cdb, async () => {
        try {
          return { result: await execute(this.scsi, ring.nexusId, cdb, dataOut, dataInLength, { peers }) };
        } catch (error) {
          if (!(error instanceof CopyCancelled)) throw error;
          return this.closing ? undefined : { result: TASK_ABORTED };
        }
      });
    return await this.copies.run(ring, id, copy);
  }

  /** Runs a command under the flight recorder. Never rejects. */
  private async guarded<T>(ring: Ring, cdb: Uint8Array, work: () => Promise<T>): Promise<T | Answer> {
    try {
      return await this.parts.flight.during(ring.key, cdb, work);
    } catch (error) {
      this.internalFailures += 1;
      ring.log.error({ err: error, opcode: cdb[0] }, 'internal failure: the command ends with HARDWARE ERROR');
      return { result: internalFailure(this.scsi) };
    }
  }

  /** For commands that a second execution would answer otherwise: the result is kept until it is out. */
  private async answerOnce(ring: Ring, command: HandedOverCommand): Promise<Answer> {
    const { cdb, dataOut, dataInLength } = command;
    const { records, writes } = this.parts.stores;
    const known = records.take(ring.nexusId, cdb, dataOut);
    if (known !== undefined) return { result: known };
    const good = resultOf(ring.nexusId, cdb, dataOut, { status: STATUS.good });
    const journal: WriteJournal = {
      begin: async (offset, data, durability) => {
        // Nothing to write to, nothing begun: the command itself ends as NOT READY.
        if (this.backing === undefined) return;
        if (durability === 'throughPowerLoss') await writes.begin(this.backing, offset, data);
        records.begin(good, fileNameOf(this.backing), offset, data);
        await this.saveRunState();
      },
    };
    const before = this.scsi.persistentReservations;
    let result: CommandResult;
    try {
      result = await execute(this.scsi, ring.nexusId, cdb, dataOut, dataInLength, { journal });
    } finally {
      // Whatever came of the write: made good later, it would come too late.
      records.endWrite();
      await writes.end();
    }
    if (!(await this.saveDurably(before))) result = checkCondition(this.scsi, SENSE.insufficientRegistrationResources);
    this.abortTaskSets(ring.nexusId);
    const drop = records.finish(resultOf(ring.nexusId, cdb, dataOut, result));
    await this.settle('exclusive');
    const answered = (): void => {
      drop();
      this.saveRunState().catch((error: unknown) =>
        this.parts.log.error({ err: error }, 'the run state was not written'),
      );
    };
    return { result, answered };
  }

  /** False: it can't be written, and the persistent reservations are what they were before. */
  private async saveDurably(before: LogicalUnit['persistentReservations']): Promise<boolean> {
    try {
      await this.parts.stores.durable.save(this.scsi);
      return true;
    } catch (error) {
      this.parts.log.error({ err: error }, 'a persistent reservation could not be made durable');
      this.scsi.persistentReservations = before;
      this.scsi.stateVersion += 1;
      return false;
    }
  }

  /** What PREEMPT AND ABORT took from its nexus must not start any more. */
  private abortTaskSets(nexusId: string): void {
    const aborted = new Set(this.scsi.taskSetsToAbort.splice(0));
    if (aborted.size > 0) this.abortFor(nexusId, (ring) => aborted.has(ring.nexusId));
  }

  private async execute(
    ring: Ring,
    { cdb, dataOut, dataInLength, failure }: HandedOverCommand,
  ): Promise<CommandResult> {
    if (failure === undefined) return await execute(this.scsi, ring.nexusId, cdb, dataOut, dataInLength);
    ring.log.error({ ...failure, opcode: cdb[0] }, 'the backing file failed');
    return nativeFailure(this.scsi, failure);
  }

  private async saveRunState(): Promise<void> {
    await this.parts.stores.runState.save(this.scsi, this.parts.stores.records);
  }

  private async section<T>(work: () => T | Promise<T>): Promise<T> {
    const result = await work();
    await this.settle('exclusive');
    return result;
  }

  private async settle(access: Access): Promise<void> {
    // Without APTPL and saved pages that changed there's nothing to write.
    if (access === 'exclusive') await this.parts.stores.durable.save(this.scsi);
    await this.saveRunState();
    // MODE SELECT and a reset change WCE; both are exclusive, and only then may the native unit be changed.
    if (access === 'exclusive') this.native.update({ writeCache: fastPathWriteCache(this.scsi) });
    this.publishFlags();
    if (this.toldLost === this.scsi.writesLost) return;
    this.toldLost = this.scsi.writesLost;
    if (this.toldLost) this.parts.log.error('a flush has failed: writes are refused until the device was inactive');
    this.parts.statusChanged();
  }
}

/** A command's result, and what is to be done once it is out. */
interface Answer {
  readonly result: CommandResult;
  readonly answered?: () => void;
}

/** Non-volatile: WCE is 0 towards the initiator, and yet no write needs a flush. */
export function fastPathWriteCache(scsi: LogicalUnit): boolean {
  return writeCacheEnabled(scsi) || scsi.settings.nvCache;
}

// A logical unit whose backing is open: runs what its rings hand over, and keeps the fast path's flags true.
import type { Logger } from 'pino';
import type { Backing } from '../backing/backing.js';
import type { HandedOverCommand, NativeUnit } from '../native/types.js';
import {
  accessOf,
  advance,
  block,
  CopyCancelled,
  endOperation,
  flagsOf,
  noteMediumFailure,
  resetLogicalUnit,
  tellCommandsCleared,
  unblock,
  writeCacheEnabled,
  type Access,
  type CommandResult,
  type LogicalUnit,
} from '../scsi/index.js';
import { BackingHealth } from './backing-health.js';
import { CommandRunner } from './command-runner.js';
import type { FlightRecorder } from './flight-recorder.js';
import { TASK_ABORTED } from './results.js';
import { flagBits, type Ring } from './ring.js';
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
  closing = false;
  readonly copies: RunningCopies;
  readonly health: BackingHealth;
  private readonly queue: UnitQueue<UnitJob>;
  private readonly runner: CommandRunner;
  private advancing: Promise<void> | undefined;

  constructor(
    public scsi: LogicalUnit,
    public backing: Backing | undefined,
    private readonly parts: ServingUnitParts,
  ) {
    this.queue = new UnitQueue(parts.native);
    this.copies = new RunningCopies(parts.reachable);
    this.health = new BackingHealth(parts.log, () => parts.statusChanged());
    this.runner = new CommandRunner(this, parts.stores, parts.flight, parts.log);
  }

  get native(): NativeUnit {
    return this.parts.native;
  }

  accept(ring: Ring, command: HandedOverCommand): void {
    ring.count(command);
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

  /** Runs `work` while no command of the unit runs; then what it changed, even if it throws, is persisted and published. */
  async exclusively<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.closing) throw new Error('the logical unit is closing');
    return await new Promise<T>((resolve, reject) => {
      this.queue.push({ access: 'exclusive', ownWork: true, run: () => this.section(work).then(resolve, reject) });
    });
  }

  /** Commands wait from now on, also for the next engine; what ran has ended, and is durable. Throws MediumError. */
  async block(): Promise<void> {
    await this.exclusively(async () => {
      await this.flush();
      block(this.scsi);
      await this.queue.hold();
    });
  }

  /** Nothing changes what isn't blocked. */
  async unblock(): Promise<void> {
    await this.exclusively(() => {
      unblock(this.scsi);
      this.queue.release();
    });
  }

  /** For a unit that a former engine has left blocked: before its rings are attached. */
  async stayBlocked(): Promise<void> {
    await this.exclusively(() => this.queue.hold());
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
    this.queue.pushFirst({ access: 'exclusive', ownWork: true, run });
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

  /** With TST=001b the task set is the nexus's own (SAM-5 7.5). */
  clearTaskSet(ring: Ring): number {
    const { taskSetPerNexus } = this.scsi.settings;
    return this.abortFor(ring.nexusId, (other) => !taskSetPerNexus || other === ring);
  }

  /** Forgets the ring's commands that have not started: its ring is gone, and nobody waits for an answer. */
  forget(ring: Ring): void {
    this.withdraw((other) => other === ring);
    this.copies.cancel((other) => other === ring);
  }

  /**
   * Ends the unit's part in a ring: what was written through it is durable, what was sent and not begun stays in it. What
   * the flush fails of stays this unit's trouble.
   */
  async letGo(ring: Ring): Promise<void> {
    await this.exclusively(async () => {
      this.forget(ring);
      await this.copies.end(ring);
      await this.flush().catch((error: unknown) =>
        this.parts.log.error({ err: error }, 'the flush before a ring was handed over has failed'),
      );
      await ring.native?.stop();
      ring.detached('Waiting', 'another unit takes it over');
    });
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

  /** Also where they were flushed since: who has flushed, the ring engine doesn't tell. */
  get mayHaveUnflushedWrites(): boolean {
    if (!fastPathWriteCache(this.scsi) || this.scsi.settings.nvCache) return false;
    const written = [...this.parts.rings()].some(({ native }) => (native?.counters().writes ?? 0n) > 0n);
    return written || (this.backing?.medium.unflushed ?? false);
  }

  get internalFailures(): number {
    return this.runner.internalFailures;
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
        const { result, answered } = (await this.runner.run(ring, command, access)) ?? {};
        if (result !== undefined) complete(result);
        answered?.();
      },
      abort: () => complete(TASK_ABORTED),
    };
  }

  /** What PREEMPT AND ABORT took from its nexus must not start any more. */
  abortTaskSets(nexusId: string): void {
    const aborted = new Set(this.scsi.taskSetsToAbort.splice(0));
    if (aborted.size > 0) this.abortFor(nexusId, (ring) => aborted.has(ring.nexusId));
  }

  async saveRunState(): Promise<void> {
    await this.parts.stores.runState.save(this.scsi, this.parts.stores.records);
  }

  private async section<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      // Also where it has failed: a flush that did has to keep the fast path from writing.
      await this.settle('exclusive');
    }
  }

  async settle(access: Access): Promise<void> {
    // Without APTPL and saved pages that changed there's nothing to write.
    if (access === 'exclusive') await this.parts.stores.durable.save(this.scsi);
    await this.saveRunState();
    // MODE SELECT and a reset change WCE; both are exclusive, and only then may the native unit be changed.
    if (access === 'exclusive') this.native.update({ writeCache: fastPathWriteCache(this.scsi) });
    this.publishFlags();
    await this.health.examine(this.scsi, this.backing);
  }
}

/** Non-volatile: WCE is 0 towards the initiator, and yet no write needs a flush. */
export function fastPathWriteCache(scsi: LogicalUnit): boolean {
  return writeCacheEnabled(scsi) || scsi.settings.nvCache;
}

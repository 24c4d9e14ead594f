// Carries out steps: groups side by side, the steps of one group in order, blocking ones in processes of their own.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory, writeText } from '../../native/change-together.js';
import { groupOf } from '../diff/diff.js';
import type { Step, UnlinkStep } from '../diff/steps.js';
import { BLOCK_HBA, hbaOf } from '../naming.js';
import { LioPaths } from '../paths.js';
import { StepFailed, StepPending } from './errors.js';
import { operationsOf, type DirectOperation, type Operations } from './operation.js';
import { Blockers } from './order.js';
import { withPriority } from './priority.js';
import { recordName } from './record.js';
import { restoreRegistrations } from './registrations.js';
import { within, type StepWorkers } from './workers.js';

/** Whether a LUN may be unlinked: asked right before, and `release` called when the unlinking ended, however late. */
export type Permit = { allowed: true; release: () => Promise<void> } | { allowed: false; error: Error };
export type UnlinkGuard = (step: UnlinkStep) => Promise<Permit>;

/** Opens what is to be handed to the kernel; rejects with what is wrong with it. */
export type FileOpener = (file: {
  filename: string;
  kind: 'file' | 'blockDevice';
}) => Promise<{ fd: number; close: () => Promise<void> }>;

export interface ExecutorOptions {
  workers: StepWorkers;
  /** Directory of the records of open steps; made when absent. Give the same to readOpenSteps. */
  recordsDir: string;
  /** Default: /sys/kernel/config/target. */
  configfs?: string;
  /** Milliseconds until a blocking step is left to itself; default 30 000. */
  deadlineMs?: number;
  /** Groups worked on at the same time; default 8. */
  concurrency?: number;
  /** Default: every unlink is allowed. */
  guard?: UnlinkGuard;
  openFile: FileOpener;
  /** Called when a step that was reported as pending ends after all: time to observe again. */
  onSettled?: (step: Step, error?: StepFailed) => void;
}

export type StepResult =
  | { step: Step; outcome: 'done' }
  | { step: Step; outcome: 'failed'; error: StepFailed }
  /** Still in the kernel. */
  | { step: Step; outcome: 'pending'; error: StepPending }
  /** By the guard; nothing was done. */
  | { step: Step; outcome: 'refused'; error: Error }
  /** Not tried, because of another step of the same group. */
  | { step: Step; outcome: 'skipped'; because: Step };

export class StepExecutor {
  private readonly paths: LioPaths;
  private readonly deadlineMs: number;

  constructor(private readonly options: ExecutorOptions) {
    this.paths = new LioPaths(options.configfs);
    this.deadlineMs = options.deadlineMs ?? 30_000;
  }

  /** Resolves with one result per step when each has ended or passed its deadline. A step's error never rejects. */
  execute(steps: readonly Step[]): Promise<StepResult[]> {
    return withPriority(() => this.executeAll(steps));
  }

  private async executeAll(steps: readonly Step[]): Promise<StepResult[]> {
    await mkdir(this.options.recordsDir, { recursive: true, mode: 0o700 });
    const results = new Map<Step, StepResult>();
    const groups = new Map<string | undefined, Step[]>();
    for (const step of steps) groups.set(groupOf(step), [...(groups.get(groupOf(step)) ?? []), step]);
    const shared = groups.get(undefined) ?? [];
    groups.delete(undefined);
    const queue = [...groups.values()];
    const work = async (): Promise<void> => {
      for (let group = queue.shift(); group !== undefined; group = queue.shift()) {
        await this.executeGroup(group, results);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.options.concurrency ?? 8, queue.length) }, work));
    await this.executeGroup(shared, results, [...results.values()]);
    return steps.map((step) => results.get(step)).filter((result) => result !== undefined);
  }

  private async executeGroup(
    steps: readonly Step[],
    results: Map<Step, StepResult>,
    before: readonly StepResult[] = [],
  ): Promise<void> {
    const blockers = new Blockers();
    for (const { step, outcome } of before) if (outcome !== 'done') blockers.block(step);
    let pending: Step | undefined;
    for (const step of steps) {
      const because = pending ?? blockers.blockerOf(step);
      const result: StepResult =
        because === undefined ? await this.executeStep(step) : { step, outcome: 'skipped', because };
      results.set(step, result);
      if (result.outcome !== 'done') blockers.block(step);
      if (result.outcome === 'pending') pending = step;
    }
  }

  private async executeStep(step: Step): Promise<StepResult> {
    const operations = operationsOf(step, this.paths);
    if (!operations.blocking) return this.executeDirectly(step, operations.operations);
    const { operation } = operations;
    if (operation.kind === 'writeWithFile') return this.executeWithFile(step, operations, operation.filename);
    const permit = step.kind === 'unlink' ? await this.options.guard?.(step) : undefined;
    if (permit?.allowed === false) return { step, outcome: 'refused', error: permit.error };
    return this.executeInWorker(step, operations, { release: permit?.release });
  }

  private async executeWithFile(
    step: Step,
    operations: Extract<Operations, { blocking: true }>,
    filename: string,
  ): Promise<StepResult> {
    let opened: Awaited<ReturnType<FileOpener>>;
    try {
      const kind = 'backstore' in step && hbaOf(step.backstore) === BLOCK_HBA ? 'blockDevice' : 'file';
      opened = await this.options.openFile({ filename, kind });
    } catch (error) {
      const { message } = error as Error;
      return { step, outcome: 'failed', error: new StepFailed(step, filename, 'FileRefused', message) };
    }
    return this.executeInWorker(step, operations, { file: opened.fd, release: opened.close });
  }

  private async executeDirectly(step: Step, operations: DirectOperation[]): Promise<StepResult> {
    for (const operation of operations) {
      try {
        await this.executeOperation(operation);
      } catch (error) {
        const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
        return { step, outcome: 'failed', error: new StepFailed(step, operation.path, code, message) };
      }
    }
    return { step, outcome: 'done' };
  }

  private executeOperation(operation: DirectOperation): Promise<void> {
    switch (operation.kind) {
      case 'mkdir':
        return ensureDirectory(operation.path);
      case 'write':
        return writeText(operation.path, operation.value);
      case 'restoreRegistrations':
        return restoreRegistrations(this.paths.root, operation.path, operation.serial);
    }
  }

  private async executeInWorker(
    step: Step,
    { operation, settled }: Extract<Operations, { blocking: true }>,
    { file, release }: { file?: number; release: (() => Promise<void>) | undefined },
  ): Promise<StepResult> {
    const record = join(this.options.recordsDir, recordName(step));
    const running = this.options.workers.start(operation, record, file);
    const ended = running.ended.then(async ({ failure }) => {
      await release?.();
      if (failure === undefined || settled.includes(failure.errno)) return undefined;
      return new StepFailed(step, operation.path, failure.errno, failure.text);
    });
    if ((await within(running, this.deadlineMs)) === undefined) {
      void ended.then((late) => this.options.onSettled?.(step, late));
      return { step, outcome: 'pending', error: new StepPending(step, operation.path, this.deadlineMs) };
    }
    const error = await ended;
    return error === undefined ? { step, outcome: 'done' } : { step, outcome: 'failed', error };
  }
}

async function ensureDirectory(path: string): Promise<void> {
  await makeDirectory(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

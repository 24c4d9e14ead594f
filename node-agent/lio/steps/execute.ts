// Carries out steps: sessions side by side, the steps of one session in order, blocking ones in processes of their own.
import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { sessionOf } from '../diff/diff.js';
import type { Step, UnlinkStep } from '../diff/steps.js';
import { LioPaths } from '../paths.js';
import { startChild } from './child.js';
import { StepFailed, StepPending } from './errors.js';
import { operationsOf, type DirectOperation, type Operations } from './operation.js';
import { Blockers } from './order.js';
import { recordName } from './record.js';

/** Whether a LUN may be unlinked: asked right before, and `release` called when the unlinking ended, however late. */
export type Permit = { allowed: true; release: () => Promise<void> } | { allowed: false; error: Error };
export type UnlinkGuard = (step: UnlinkStep) => Promise<Permit>;

export interface ExecutorOptions {
  /** Path of the program scst-step. */
  stepProgram: string;
  /** Directory of the records of open steps; made when absent. Give the same to readOpenSteps. */
  recordsDir: string;
  /** Default: /sys/kernel/config/target. */
  configfs?: string;
  /** Milliseconds until a blocking step is left to itself; default 30 000. */
  deadlineMs?: number;
  /** Sessions worked on at the same time; default 8. */
  concurrency?: number;
  /** Default: every unlink is allowed. */
  guard?: UnlinkGuard;
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
  /** Not tried, because of another step of the same session. */
  | { step: Step; outcome: 'skipped'; because: Step };

export class StepExecutor {
  private readonly paths: LioPaths;
  private readonly deadlineMs: number;

  constructor(private readonly options: ExecutorOptions) {
    this.paths = new LioPaths(options.configfs);
    this.deadlineMs = options.deadlineMs ?? 30_000;
  }

  /** Resolves with one result per step when each has ended or passed its deadline. A step's error never rejects. */
  async execute(steps: readonly Step[]): Promise<StepResult[]> {
    await mkdir(this.options.recordsDir, { recursive: true, mode: 0o700 });
    const results = new Map<Step, StepResult>();
    const sessions = new Map<string | undefined, Step[]>();
    for (const step of steps) sessions.set(sessionOf(step), [...(sessions.get(sessionOf(step)) ?? []), step]);
    const shared = sessions.get(undefined) ?? [];
    sessions.delete(undefined);
    const queue = [...sessions.values()];
    const work = async (): Promise<void> => {
      for (let session = queue.shift(); session !== undefined; session = queue.shift()) {
        await this.executeSession(session, results);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.options.concurrency ?? 8, queue.length) }, work));
    await this.executeSession(shared, results, [...results.values()]);
    return steps.map((step) => results.get(step)).filter((result) => result !== undefined);
  }

  private async executeSession(
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
    const permit = step.kind === 'unlink' ? await this.options.guard?.(step) : undefined;
    if (permit?.allowed === false) return { step, outcome: 'refused', error: permit.error };
    return this.executeInChild(step, operations, permit?.release);
  }

  private async executeDirectly(step: Step, operations: DirectOperation[]): Promise<StepResult> {
    for (const operation of operations) {
      try {
        if (operation.kind === 'mkdir') await makeDirectory(operation.path);
        else await writeFile(operation.path, operation.value);
      } catch (error) {
        const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
        return { step, outcome: 'failed', error: new StepFailed(step, operation.path, code, message) };
      }
    }
    return { step, outcome: 'done' };
  }

  private async executeInChild(
    step: Step,
    { operation, settled }: Extract<Operations, { blocking: true }>,
    release: (() => Promise<void>) | undefined,
  ): Promise<StepResult> {
    const record = join(this.options.recordsDir, recordName(step));
    const child = startChild(this.options.stepProgram, record, operation);
    const ended = child.ended.then(async ({ failure }) => {
      await release?.();
      if (failure === undefined || settled.includes(failure.errno)) return undefined;
      return new StepFailed(step, operation.path, failure.errno, failure.text);
    });
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), this.deadlineMs);
    });
    const error = await Promise.race([ended, deadline]);
    clearTimeout(timer);
    if (error === 'late') {
      child.detach();
      void ended.then((late) => this.options.onSettled?.(step, late));
      return { step, outcome: 'pending', error: new StepPending(step, operation.path, this.deadlineMs) };
    }
    return error === undefined ? { step, outcome: 'done' } : { step, outcome: 'failed', error };
  }
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** One write(2), as configfs wants it, and without O_CREAT, which configfs answers with a misleading EACCES. */
async function writeFile(path: string, value: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY);
  try {
    await file.write(value);
  } finally {
    await file.close();
  }
}

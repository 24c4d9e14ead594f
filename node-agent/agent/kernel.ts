// The kernel's side of a pass: modules and configfs, observe, and the steps with their guard.
import { join } from 'node:path';
import type { Logger } from 'pino';
import { claimUnused } from '../devices/index.js';
import {
  ensureKernel,
  LioObserver,
  pairName,
  readOpenSteps,
  StepExecutor,
  type FileOpener,
  type ObservedLio,
  type Permit,
  type Step,
  type StepWorkers,
  type StepResult,
  type UnlinkStep,
} from '../lio/index.js';
import type { AgentMetrics } from './metrics.js';

export interface KernelOptions {
  runDir: string;
  /** Whether a (session, LUN) pair has to go even while it is in use. */
  forced: (pair: string) => boolean;
  workers: StepWorkers;
  /** Opens a file or block device that LIO is to serve. */
  openFile: FileOpener;
  /** A step that had passed its deadline ended after all. */
  onSettled: () => void;
  metrics: AgentMetrics;
  log: Logger;
}

export class Kernel {
  private readonly observer = new LioObserver();
  private readonly executor: StepExecutor;
  private readonly recordsDir: string;
  /** The last observation, and the steps since then. */
  private since: { observed: ObservedLio; steps: Step[] } | undefined;

  constructor(private readonly options: KernelOptions) {
    this.recordsDir = join(options.runDir, 'steps');
    this.executor = new StepExecutor({
      workers: options.workers,
      recordsDir: this.recordsDir,
      guard: (step) => this.permit(step),
      openFile: options.openFile,
      onSettled: (step, error) => {
        options.log.info({ ...step, error: error?.message }, 'a step that was pending has ended');
        options.onSettled();
      },
    });
  }

  ensure(): Promise<void> {
    return ensureKernel();
  }

  /** What LIO is; 'changed': others are taken to have changed nothing since it was last observed, and only the steps after that count. */
  async observe(what: 'all' | 'changed'): Promise<ObservedLio> {
    const since = what === 'changed' ? this.since : undefined;
    this.since = undefined;
    const observed = await this.observer.observe(await readOpenSteps(this.recordsDir), since);
    this.since = { observed, steps: [] };
    this.options.metrics.observed(observed);
    return observed;
  }

  async execute(steps: readonly Step[]): Promise<StepResult[]> {
    this.since?.steps.push(...steps);
    const results = await this.executor.execute(steps);
    this.options.metrics.executed(results);
    return results;
  }

  /** A device is held open exclusively while it is unlinked, so that nobody mounts it in between. */
  private permit({ hctl, link, backstore }: UnlinkStep): Promise<Permit> {
    if (hctl === undefined || this.options.forced(pairName(link, backstore))) {
      return Promise.resolve({ allowed: true, release: () => Promise.resolve() });
    }
    return claimUnused(hctl);
  }
}

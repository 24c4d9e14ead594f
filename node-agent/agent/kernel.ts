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
  type StepResult,
  type UnlinkStep,
} from '../lio/index.js';
import { nativeProgram } from '../native/index.js';
import type { AgentMetrics } from './metrics.js';

export interface KernelOptions {
  runDir: string;
  /** Whether a (session, LUN) pair has to go even while it is in use. */
  forced: (pair: string) => boolean;
  /** Opens a file that LIO is to serve. */
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

  constructor(private readonly options: KernelOptions) {
    this.recordsDir = join(options.runDir, 'steps');
    this.executor = new StepExecutor({
      stepProgram: nativeProgram('scst-step'),
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

  async observe(): Promise<ObservedLio> {
    const observed = await this.observer.observe(await readOpenSteps(this.recordsDir));
    this.options.metrics.observed(observed);
    return observed;
  }

  async execute(steps: readonly Step[]): Promise<StepResult[]> {
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

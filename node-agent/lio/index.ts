// What the agent uses of LIO: names, the model, observe → diff → execute, kernel modules.
export * from './naming.js';
export type * from './model.js';
export { diff, groupOf, type Difference } from './diff/diff.js';
export { firstSteps } from './diff/pace.js';
export type * from './diff/steps.js';
export { LioObserver, type ObserverOptions } from './observe.js';
export { KernelStalled } from './bounded-reader.js';
export { readOpenSteps, type OpenStep } from './steps/record.js';
export {
  StepExecutor,
  type ExecutorOptions,
  type FileOpener,
  type Permit,
  type StepResult,
  type UnlinkGuard,
} from './steps/execute.js';
export { StepWorkers } from './steps/workers.js';
export { StepFailed, StepPending } from './steps/errors.js';
export { ensureKernel, KernelLacks } from './modules.js';

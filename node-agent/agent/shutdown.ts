// The host goes down (docs/adr/0001-sigpwr.md): nothing may be lost, and nothing may make the kernel wait for an engine.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { diff, HBA, type ObservedLio, type Step, type StepResult } from '../lio/index.js';
import { attachedRings, desiredLio, kernelLuns } from './desire.js';
import { StepLog } from './step-log.js';
import type { EngineStatus } from '../protocol/types.js';
import type { Journal } from './wish.js';

/** Milliseconds for the engine to finish what is in flight; the whole has to be done well within a minute. */
const DRAIN_MS = 20_000;

export interface ShutdownDependencies {
  journal: Journal | undefined;
  drain: () => Promise<EngineStatus | undefined>;
  observe: () => Promise<ObservedLio>;
  execute: (steps: readonly Step[]) => Promise<StepResult[]>;
  /** Without any I/O, so that sd sends no SYNCHRONIZE CACHE. */
  forgetWriteCache: (hctl: string) => Promise<void>;
  log: Logger;
}

/** Never throws: each part is done as far as it goes. */
export async function prepareForPowerOff(dependencies: ShutdownDependencies): Promise<void> {
  const { journal, log } = dependencies;
  const engine = await attempt(log, 'drain', () => withLimit(dependencies.drain(), DRAIN_MS));
  const observed = await attempt(log, 'observe', () => dependencies.observe());
  if (observed === undefined) return;
  const luns = kernelLuns(observed);
  // LIO answers by itself for what it serves.
  const rings = luns.filter(({ hba }) => hba === HBA);
  const addresses = rings.flatMap(({ hctl }) => hctl ?? []);
  await Promise.all(addresses.map((hctl) => attempt(log, 'cache type', () => dependencies.forgetWriteCache(hctl))));
  if (journal === undefined || (attachedRings(engine).size === 0 && rings.length === luns.length)) return;
  const nothing = { ...desiredLio(journal, engine, 1), sessions: [], files: [] };
  const stepLog = new StepLog(log);
  // Twice: the file that LIO serves a device from is let go when no LUN leads to it any more.
  await attempt(log, 'detach', async () => stepLog.results(await dependencies.execute(diff(nothing, observed).steps)));
  await attempt(log, 'detach', async () => {
    const { steps } = diff(nothing, await dependencies.observe());
    stepLog.results(await dependencies.execute(steps));
  });
}

async function attempt<T>(log: Logger, what: string, action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    log.warn({ what, error: (error as Error).message }, 'part of the preparation for power off failed');
    return undefined;
  }
}

async function withLimit<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  const limit = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`not done within ${milliseconds / 1000} seconds`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    limit.abort();
    late.catch(() => undefined);
  }
}

// The host goes down (docs/adr/0001-sigpwr.md): nothing may be lost, and nothing may make the kernel wait for an engine.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { diff, HBA, type ObservedLio, type Step, type StepResult } from '../lio/index.js';
import { attachedRings, desiredLio, kernelLuns } from './desire.js';
import { StepLog } from './step-log.js';
import type { EngineStatus } from '../protocol/types.js';
import type { Journal } from './wish.js';

/** Milliseconds for the engine to finish what is in flight; the whole has to be done well within a minute. */
const DRAIN_MS = 20_000;
/** Milliseconds in which others let go of disks, which are ended at the same time; systemd waits for all up to 90 s. */
const LET_GO_MS = 10_000;
const LOOK_AGAIN_MS = 500;

export interface ShutdownDependencies {
  journal: Journal | undefined;
  /**
   * systemd ends everything else at this moment, but not the engine (scst-launch): it answers until the machine is off.
   * Otherwise the agent doesn't know for how long there is an engine.
   */
  engineOutlivesAll: boolean;
  drain: () => Promise<EngineStatus | undefined>;
  observe: () => Promise<ObservedLio>;
  execute: (steps: readonly Step[]) => Promise<StepResult[]>;
  /** Without any I/O, so that sd sends no SYNCHRONIZE CACHE. */
  forgetWriteCache: (hctl: string) => Promise<void>;
  /** The engine closes its files and ends. */
  endEngine: () => Promise<unknown>;
  sleep: (milliseconds: number) => Promise<unknown>;
  log: Logger;
}

/** Never throws: each part is done as far as it goes. */
export async function prepareForPowerOff(dependencies: ShutdownDependencies): Promise<void> {
  const { engineOutlivesAll, log } = dependencies;
  const engine = await attempt(log, 'drain', () => withLimit(dependencies.drain(), DRAIN_MS));
  const observed = await attempt(log, 'observe', () => dependencies.observe());
  if (observed === undefined) return;
  const luns = kernelLuns(observed);
  // LIO answers by itself for what it serves.
  const rings = luns.filter(({ hba }) => hba === HBA);
  const attached = attachedRings(engine);
  const unanswered = engineOutlivesAll ? rings.filter(({ backstore }) => !attached.has(backstore)) : rings;
  const addresses = unanswered.flatMap(({ hctl }) => hctl ?? []);
  await Promise.all(addresses.map((hctl) => attempt(log, 'cache type', () => dependencies.forgetWriteCache(hctl))));
  if (attached.size === 0 && rings.length === luns.length) return;
  const left = await attempt(log, 'detach', () => detachUnused(dependencies, engine));
  if (left === 0) await attempt(log, 'end of the engine', () => dependencies.endEngine());
  else log.warn({ left }, 'LUNs stay: somebody uses them, or they could not be taken away');
}

/** How many LUNs are left. */
async function detachUnused(dependencies: ShutdownDependencies, engine: EngineStatus | undefined): Promise<number> {
  const { journal, engineOutlivesAll, observe, execute, sleep, log } = dependencies;
  const stepLog = new StepLog(log);
  // Twice at least: the file that LIO serves a device from is let go when no LUN leads to it any more.
  const looks = engineOutlivesAll ? LET_GO_MS / LOOK_AGAIN_MS : 2;
  for (let look = 1; ; look += 1) {
    const observed = await observe();
    const left = kernelLuns(observed).length;
    if (left === 0 || journal === undefined || look > looks) return left;
    const nothing = { ...desiredLio(journal, engine, 1), sessions: [], files: [] };
    const { steps } = diff(nothing, observed);
    stepLog.results(await execute(steps));
    if (look > 1) await sleep(LOOK_AGAIN_MS);
  }
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
  const late = delay(milliseconds, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`not done within ${milliseconds / 1000} seconds`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    limit.abort();
    late.catch(() => undefined);
  }
}

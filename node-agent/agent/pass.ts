// One pass: wish → journal → engine → observe, diff, steps → devices → report. Every part of it may be cut short by a kill.
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { ScstNodeStatus } from '../../crds/types.js';
import {
  diff,
  firstSteps,
  sessionWwn,
  type Finding,
  type ObservedLio,
  type Permit,
  type Step,
  type StepResult,
} from '../lio/index.js';
import type { EngineConfiguration, EngineStatus } from '../protocol/types.js';
import { Abandonment } from './abandonment.js';
import { desiredLio, kernelLuns, leavingLuns, namesInKernel, withoutFinished, type KernelLun } from './desire.js';
import { engineConfiguration, pairsOfKernelDisks, servedUnits, sessionLuns } from './engine-configuration.js';
import { problemsOf, type Problems } from './problems.js';
import { pendingReplacements } from './replacement.js';
import { Replacing } from './replacing.js';
import { reclaimDeparted } from './reclaim.js';
import type { DesiredStateSource } from './sources/source.js';
import { StepLog } from './step-log.js';
import { nodeConditions, withTransitions } from './conditions.js';
import { nodeStatus, type RealisedLun } from './status.js';
import { acceptWish, type Acceptance, type Journal } from './wish.js';

/** Rounds of observe, diff, steps in one pass: a LUN takes two (its backstore, then its link), the rest is for repairs. */
const MAXIMUM_ROUNDS = 6;
/**
 * SCSI devices of a session that are made or taken away in one pass. Then those that are there get their time-outs and links,
 * and the status tells of them.
 */
const DEVICES_AT_ONCE = 64;
/** Milliseconds to the next pass while something isn't as it should be. */
const UNSETTLED_MS = 2_000;

export interface PassDependencies {
  source: DesiredStateSource;
  journals: { read(): Promise<Journal | undefined>; write(journal: Journal): Promise<void> };
  engine: {
    serve(configuration: EngineConfiguration, rescan: boolean): Promise<EngineStatus | undefined>;
    status(): Promise<EngineStatus | undefined>;
    reclaim(params: { filename: string; uid: string }): Promise<{ deleted: boolean; message?: string } | undefined>;
  };
  kernel: {
    /** Loads modules and mounts configfs; throws what a person has to do. */
    ensure(): Promise<void>;
    /** 'changed': anew only what the steps since the last observation may have changed. */
    observe(what: 'all' | 'changed'): Promise<ObservedLio>;
    execute(steps: readonly Step[]): Promise<StepResult[]>;
  };
  devices: {
    /** Whether a SCSI device is unused, and stays so until `release`. */
    claim(hctl: string): Promise<Permit>;
    /** Resolves when the node has looked at the SCSI devices that were made so far, or doesn't get done with it. */
    settle(): Promise<void>;
    /**
     * Time-outs, sizes and links of every linked LUN; returns what is there, by backstore. `patient`: waits for the kernel to probe
     * what was just linked.
     */
    realise(
      journal: Journal,
      linked: readonly KernelLun[],
      engine: EngineStatus | undefined,
      patient: boolean,
    ): Promise<Map<string, RealisedLun>>;
  };
  /** Without any I/O, so that sd sends no SYNCHRONIZE CACHE. */
  forgetWriteCache: (hctl: string) => Promise<void>;
  versions: { agentVersion: string; kernelVersion: string };
  ioTimeoutSeconds: number;
  /** Of a session in one pass; default 64. */
  devicesAtOnce?: number;
  now: () => Date;
  log: Logger;
}

interface Round {
  observed: ObservedLio;
  engine: EngineStatus | undefined;
  findings: Finding[];
  results: StepResult[];
  /** There is more to do at once. */
  more: boolean;
}

export class Pass {
  private journal: Journal | undefined;
  private journalRead = false;
  /** The pass before left more to do, and this one began right after it. */
  private continues = false;

  private readonly stepLog: StepLog;
  private readonly abandonment: Abandonment;
  private readonly replacing: Replacing;

  constructor(private readonly dependencies: PassDependencies) {
    this.abandonment = new Abandonment(dependencies);
    this.replacing = new Replacing({
      claim: (hctl) => dependencies.devices.claim(hctl),
      engineStatus: () => dependencies.engine.status(),
    });
    this.stepLog = new StepLog(dependencies.log);
  }

  /** The journal in force; for the shutdown. */
  get current(): Journal | undefined {
    return this.journal;
  }

  /** Resolves to the milliseconds after which the next pass should run, or undefined when nothing is pending. */
  async run(): Promise<number | undefined> {
    const acceptance = await this.acceptWish();
    if (this.journal === undefined) {
      this.report(undefined, acceptance, undefined);
      return UNSETTLED_MS;
    }
    try {
      await this.dependencies.kernel.ensure();
    } catch (error) {
      this.dependencies.log.error({ error: (error as Error).message }, 'the kernel lacks what the node needs');
      this.report(undefined, acceptance, error as Error);
      return UNSETTLED_MS;
    }
    const continues = this.continues;
    this.continues = false;
    const round = await this.converge(this.journal, continues);
    await this.finish(round);
    this.continues = round.more;
    return this.conclude(round, acceptance);
  }

  private async acceptWish(): Promise<Acceptance> {
    const { source, journals, log } = this.dependencies;
    if (!this.journalRead) {
      this.journal = await journals.read();
      this.journalRead = true;
    }
    const acceptance = acceptWish(this.journal, await source.state(this.journal), source.nodeUID);
    if (acceptance.accepted) await this.keep(acceptance.journal);
    else log.debug({ reason: acceptance.reason }, acceptance.message);
    return acceptance;
  }

  /** The journal is on the disk before anything that follows from it is done. */
  private async keep(journal: Journal): Promise<void> {
    if (isDeepStrictEqual(journal, this.journal)) return;
    await this.dependencies.journals.write(journal);
    this.journal = journal;
  }

  private async converge(journal: Journal, continues: boolean): Promise<Round> {
    const { kernel, ioTimeoutSeconds } = this.dependencies;
    let observed = await kernel.observe(continues ? 'changed' : 'all');
    let rescan = false;
    let results: StepResult[];
    let limit = this.dependencies.devicesAtOnce ?? DEVICES_AT_ONCE;
    for (let round = 1; ; round += 1) {
      const engine = await this.serve(journal, observed, rescan);
      const unlinkUnattended = await this.abandonment.unattended(journal, observed, engine);
      const desired = { ...desiredLio(this.journal ?? journal, engine, ioTimeoutSeconds), unlinkUnattended };
      const { steps: all, findings } = diff(desired, observed);
      const { steps, cut } = firstSteps(all, limit);
      if (steps.length === 0) return { observed, engine, findings, results: [], more: false };
      results = await kernel.execute(steps);
      this.stepLog.results(results);
      observed = await kernel.observe('changed');
      const progress = results.some((result) => result.outcome === 'done');
      const more = cut && progress;
      if (more || (!cut && !progress) || round === MAXIMUM_ROUNDS) return { observed, engine, findings, results, more };
      // What comes first can't be done, such as taking away what is in use: the rest doesn't wait for it.
      if (cut) limit = Infinity;
      rescan = steps.some((step) => step.kind === 'enableBackstore' || step.kind === 'removeBackstore');
    }
  }

  private async serve(journal: Journal, observed: ObservedLio, rescan: boolean): Promise<EngineStatus | undefined> {
    const inKernel = namesInKernel(observed);
    const served = this.journal?.served ?? [];
    const pending = pendingReplacements(journal.spec, served, inKernel);
    const units = (held: ReadonlySet<string>) => servedUnits(journal.spec, served, inKernel, held);
    return this.replacing.serve(
      pending,
      kernelLuns(observed),
      (held) => this.keep({ ...(this.journal ?? journal), served: units(held) }),
      (held) => this.dependencies.engine.serve(engineConfiguration(units(held)), rescan),
    );
  }

  /** Reclaims files of departed devices, and forgets what is finished. */
  private async finish({ observed, engine }: Round): Promise<void> {
    if (this.journal === undefined) return;
    const reclaimed = await reclaimDeparted(this.journal, engine, (params) => this.dependencies.engine.reclaim(params));
    for (const { uid, message } of reclaimed.problems)
      this.dependencies.log.error({ uid, error: message }, 'backing file kept');
    await this.keep(withoutFinished(this.journal, observed, engine, reclaimed.done));
  }

  private async conclude(round: Round, acceptance: Acceptance): Promise<number | undefined> {
    const { journal } = this;
    if (journal === undefined) return UNSETTLED_MS;
    if (round.more) await this.dependencies.devices.settle();
    const leaving = leavingLuns(journal, round.observed);
    const linked = kernelLuns(round.observed).filter((pair) => pair.hctl !== undefined);
    const realised = await this.dependencies.devices.realise(journal, linked, round.engine, !round.more);
    const problems = problemsOf(round.findings, round.results, {
      sessionUids: [...journal.spec.sessions, ...journal.departed.sessions].map((session) => session.uid),
      pairs: kernelLuns(round.observed),
      kernelDisks: pairsOfKernelDisks(journal.served),
      leaving: new Set(leaving.map((pair) => pair.backstore)),
    });
    for (const [backstore, problem] of this.replacing.problems) problems.luns.set(backstore, problem);
    this.report({ ...round, realised, problems, leaving }, acceptance, undefined);
    const wanted = sessionLuns(journal.spec).map((pair) => pair.backstore);
    const settled =
      acceptance.accepted &&
      leaving.length === 0 &&
      problems.luns.size === 0 &&
      problems.sessions.size === 0 &&
      wanted.every((backstore) => {
        const found = realised.get(backstore);
        return found?.path !== undefined && found.awaitedSize === undefined && found.awaitsById !== true;
      });
    if (round.more) return 0;
    return settled ? undefined : UNSETTLED_MS;
  }

  private report(
    found: (Round & { realised: Map<string, RealisedLun>; problems: Problems; leaving: KernelLun[] }) | undefined,
    acceptance: Acceptance,
    kernelError: Error | undefined,
  ): void {
    const { source, versions, now } = this.dependencies;
    const lists: Partial<ScstNodeStatus> =
      found === undefined || this.journal === undefined
        ? {}
        : nodeStatus({
            journal: this.journal,
            ...(found.engine === undefined ? {} : { engine: found.engine }),
            sessions: hostsOf(this.journal, found.observed),
            sessionProblems: found.problems.sessions,
            luns: found.realised,
            lunProblems: found.problems.luns,
            leaving: found.leaving,
          });
    const conditions = withTransitions(
      nodeConditions({ acceptance, kernelError, engine: found?.engine !== undefined, lists }),
      source.reported?.conditions ?? [],
      now()
        .toISOString()
        .replace(/\.\d+Z$/, 'Z'),
    );
    // Without a look at the kernel the lists of the last report stay: an empty list would say that nothing is there.
    source.report({ ...(found === undefined ? source.reported : {}), ...versions, ...lists, conditions });
  }
}

/** Host numbers of the sessions that are realised, by uid. */
function hostsOf(journal: Journal, observed: ObservedLio): Map<string, number> {
  const byWwn = new Map(
    [...journal.spec.sessions, ...journal.departed.sessions].map(({ uid }) => [sessionWwn(uid), uid]),
  );
  const hosts = new Map<string, number>();
  for (const session of observed.sessions) {
    const uid = byWwn.get(session.wwn);
    if (uid === undefined || session.busy || session.address === undefined || session.nexus === undefined) continue;
    hosts.set(uid, Number(session.address.split(':')[0]));
  }
  return hosts;
}

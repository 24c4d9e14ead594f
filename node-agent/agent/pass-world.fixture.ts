// A node in memory for tests of the pass: a kernel, an engine with its files, a source, and a fuse that kills the agent.
import pino from 'pino';
import type { ScstNodeStatus } from '../../crds/types.js';
import { ModelKernel } from '../lio/diff/model-kernel.fixture.js';
import {
  FILE_HBA,
  HBAS,
  kernelBackstoreName,
  pairName,
  type Permit,
  type Step,
  type StepResult,
} from '../lio/index.js';
import { Blockers } from '../lio/steps/order.js';
import { diskOf } from '../../crds/disk.js';
import type { EngineConfiguration, EngineStatus, UnitConfiguration } from '../protocol/types.js';
import { kernelLuns } from './desire.js';
import { Pass } from './pass.js';
import type { RealisedLun } from './status.js';
import type { Journal, SourceState } from './wish.js';

export const NODE_UID = 'node-a';
/** What a killed agent's code throws; nothing that it would have done happens any more. */
export const KILLED = Symbol('killed');

export class World {
  readonly kernel = new ModelKernel({ inHba: 1 }, true);
  /** Of backing files that exist. */
  readonly files = new Set<string>();
  readonly deleted: string[] = [];
  /** (session, LUN) pairs whose device somebody uses: they are not unlinked. */
  readonly inUse = new Set<string>();
  state: SourceState = { kind: 'unavailable', reason: 'NotSynced', message: 'nothing was read yet' };
  status: ScstNodeStatus | undefined;
  /** Writes of the agent: to its journal, and to the kernel. */
  writes = 0;
  journal: Journal | undefined;
  /** Pairs that another device was put behind, without that anybody had asked whether they are in use. */
  readonly replacedUnasked: string[] = [];
  /** How many devices there were whenever the node was left to look at them before more were made. */
  readonly settled: number[] = [];
  private readonly claimed = new Set<string>();
  private units: UnitConfiguration[] = [];
  private fuse = Infinity;
  private pass = this.startAgent();

  constructor() {
    for (const hba of HBAS) this.kernel.hbas.add(hba);
  }

  /** Runs a pass; with a fuse, the agent is killed at that one of its actions, and another one starts. */
  async runPass(fuse = Infinity): Promise<number | undefined> {
    this.fuse = fuse;
    try {
      return await this.pass.run();
    } catch (error) {
      if (error !== KILLED) throw error;
      this.pass = this.startAgent();
      return 0;
    } finally {
      this.fuse = Infinity;
    }
  }

  /** The engine ends, or another one starts and takes up what it served. */
  setEngine(alive: boolean): void {
    this.kernel.engine = alive;
  }

  /** (session, LUN) pairs that have their device. */
  linked(): Set<string> {
    const luns = [...this.kernel.sessions.values()].flatMap((session) => [...session.luns.values()]);
    return new Set(
      luns.flatMap(({ link, name, present }) =>
        link === undefined || !present ? [] : [pairName(name ?? '', baseName(link))],
      ),
    );
  }

  /** Names of everything of ours in the kernel, and uids of the engine's units. */
  things(): string[] {
    return [...this.kernel.backstores.keys(), ...this.kernel.sessions.keys(), ...this.units.map(({ uid }) => uid)];
  }

  private startAgent(): Pass {
    const { kernel } = this;
    this.claimed.clear();
    return new Pass({
      source: {
        nodeUID: NODE_UID,
        reported: undefined,
        state: () => Promise.resolve(this.state),
        report: (status) => (this.status = structuredClone(status)),
        stop: () => Promise.resolve(),
      },
      journals: {
        read: () => Promise.resolve(structuredClone(this.journal)),
        write: async (journal) => {
          await this.action(() => {
            this.writes += 1;
            this.journal = structuredClone(journal);
          });
          // Killed after the write, before the agent knows that it is done.
          await this.action(() => undefined);
        },
      },
      engine: {
        serve: (configuration) => this.action(() => this.serve(configuration)),
        status: () => this.action(() => this.engineStatus()),
        reclaim: ({ filename, uid }) => this.action(() => this.reclaim(filename, uid)),
      },
      kernel: {
        ensure: () => this.action(() => undefined),
        observe: () => this.action(() => kernel.observe()),
        execute: (steps) => this.execute(steps),
      },
      devices: {
        settle: () => this.action(() => void this.settled.push(this.linked().size)),
        claim: (hctl) => this.action(() => this.claim(hctl)),
        realise: (journal, linked) =>
          this.action(() => {
            const served = new Set(journal.served.flatMap(({ rings }) => rings.map(({ backstore }) => backstore)));
            return new Map(
              linked.map(({ backstore, hctl = '' }): [string, RealisedLun] => {
                return [backstore, served.has(backstore) ? { hctl, path: `/dev/scst/${backstore}` } : { hctl }];
              }),
            );
          }),
      },
      forgetWriteCache: () => this.action(() => undefined),
      versions: { agentVersion: '0', kernelVersion: '6' },
      ioTimeoutSeconds: 600,
      devicesAtOnce: 1,
      now: () => new Date(0),
      log: pino({ level: 'silent' }),
    });
  }

  private async execute(steps: readonly Step[]): Promise<StepResult[]> {
    const results: StepResult[] = [];
    const blockers = new Blockers();
    for (const step of steps) {
      const because = blockers.blockerOf(step);
      const used = step.kind === 'unlink' && this.inUse.has(pairName(step.link, step.backstore));
      if (because !== undefined || used) {
        blockers.block(step);
        results.push(
          because === undefined
            ? { step, outcome: 'refused', error: new Error('in use') }
            : { step, outcome: 'skipped', because },
        );
        continue;
      }
      if (this.fuse === 1) this.kernel.apply(step, true);
      await this.action(() => {
        this.writes += 1;
        this.kernel.apply(step);
      });
      results.push({ step, outcome: 'done' });
    }
    return results;
  }

  /** As the engine: what is not wished for any more stays while its ring is in the kernel, unless another unit takes that over. */
  private serve({ units }: EngineConfiguration): EngineStatus | undefined {
    if (!this.kernel.engine) return undefined;
    const wanted = new Set(units.map(({ uid }) => uid));
    const moved = new Set(units.flatMap(({ rings }) => rings.map(({ backstore }) => backstore)));
    const inKernel = (unit: UnitConfiguration) =>
      unit.rings.some(({ backstore }) => this.kernel.backstores.has(backstore) && !moved.has(backstore));
    for (const { uid, rings } of units)
      for (const { backstore } of rings) {
        const former = this.servedAs(backstore).some((other) => other !== uid);
        if (former && this.linked().has(backstore) && !this.claimed.has(backstore))
          this.replacedUnasked.push(backstore);
      }
    this.units = [...units, ...this.units.filter((unit) => !wanted.has(unit.uid) && inKernel(unit))];
    for (const unit of units) this.files.add(diskOf(unit).filename ?? '');
    return this.engineStatus();
  }

  private engineStatus(): EngineStatus | undefined {
    if (!this.kernel.engine) return undefined;
    return {
      protocolVersion: 1,
      pid: 1,
      version: '0',
      units: this.units.map(({ uid, generation, rings, ...unit }) => ({
        uid,
        generation,
        state: 'Ready',
        size: diskOf(unit).size ?? 0,
        rings: rings.map(({ hba, backstore }) => ({
          hba,
          backstore,
          state: this.kernel.attached.has(backstore) ? 'Attached' : 'Waiting',
        })),
        failures: { read: 0, write: 0, noSpace: 0, flush: 0 },
      })),
    };
  }

  /** uids of the units that the engine has the ring of. */
  servedAs(backstore: string): string[] {
    return this.units.filter(({ rings }) => rings.some((ring) => ring.backstore === backstore)).map(({ uid }) => uid);
  }

  private claim(hctl: string): Permit {
    const pair = kernelLuns(this.kernel.observe()).find((each) => each.hctl === hctl)?.backstore;
    if (pair === undefined) throw new Error(`there is no ${hctl}`);
    this.claimed.add(pair);
    return { allowed: true, release: () => Promise.resolve(void this.claimed.delete(pair)) };
  }

  private reclaim(filename: string, uid: string): { deleted: boolean; message?: string } | undefined {
    if (!this.kernel.engine) return undefined;
    if (this.units.some((unit) => unit.uid === uid)) return { deleted: false, message: 'is still served' };
    // LIO would go on with a file that nobody can reach any more.
    if (this.kernel.backstores.has(kernelBackstoreName(FILE_HBA, uid)))
      throw new Error(`${filename} is deleted while LIO serves it`);
    this.files.delete(filename);
    this.deleted.push(filename);
    return { deleted: true };
  }

  private async action<T>(act: () => T): Promise<T> {
    await Promise.resolve();
    this.fuse -= 1;
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- a kill is no error: nothing may handle it as one
    if (this.fuse <= 0) throw KILLED;
    return act();
  }
}

function baseName(path: string): string {
  return path.split('/').pop() ?? path;
}

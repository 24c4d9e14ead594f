// Devices that take the place of others behind a LUN: held back until they can, and while nobody may use the disk meanwhile.
import type { Permit } from '../lio/index.js';
import type { EngineStatus } from '../protocol/types.js';
import type { KernelLun } from './desire.js';
import { isDone, isUnderWay, notYetServing, waitsForEngine, type Replacement } from './replacement.js';
import type { LunProblem } from './status.js';

type Allowed = Extract<Permit, { allowed: true }>;
/** Of each call: names of pairs that stay with the device that they have. */
type Held = ReadonlySet<string>;

const NONE: Held = new Set();

export interface ReplacingDependencies {
  /** Whether a SCSI device is unused, and stays so until `release`. */
  claim: (hctl: string) => Promise<Permit>;
  engineStatus: () => Promise<EngineStatus | undefined>;
}

export class Replacing {
  /** Why pairs have yet to change hands, by backstore; of the last call of serve(). */
  readonly problems = new Map<string, LunProblem>();
  /** Of disks whose device changes hands, by backstore: until it has, which a backing that hangs can make a matter of passes. */
  private readonly claims = new Map<string, Allowed>();

  constructor(private readonly dependencies: ReplacingDependencies) {}

  /**
   * `keep` journals who serves what, and `tell` tells the engine. A pair changes hands in the journal after it did in the engine:
   * an agent that was killed asks the engine whether it did, and otherwise asks anew whether the disk is in use.
   */
  async serve(
    pending: readonly Replacement[],
    linked: readonly KernelLun[],
    keep: (held: Held) => Promise<void>,
    tell: (held: Held) => Promise<EngineStatus | undefined>,
  ): Promise<EngineStatus | undefined> {
    this.problems.clear();
    try {
      const engine = await this.proceed(pending, linked, keep, tell);
      await this.release(pending, engine);
      return engine;
    } catch (error) {
      await this.release(pending, undefined);
      throw error;
    }
  }

  private async proceed(
    pending: readonly Replacement[],
    linked: readonly KernelLun[],
    keep: (held: Held) => Promise<void>,
    tell: (held: Held) => Promise<EngineStatus | undefined>,
  ): Promise<EngineStatus | undefined> {
    if (pending.length === 0) {
      await keep(NONE);
      return tell(NONE);
    }
    const before = await this.dependencies.engineStatus();
    if (before === undefined) return this.wait(pending);
    await keep(namesOf(pending));
    const waiting = pending.filter((replacement) => !isUnderWay(replacement, before));
    const engine = await this.change(waiting, linked, tell);
    if (engine !== undefined) await keep(namesOf(pending.filter((replacement) => !isDone(replacement, engine))));
    return engine;
  }

  /** To an engine that comes meanwhile nothing may be said before it was asked. */
  private wait(pending: readonly Replacement[]): undefined {
    for (const replacement of pending) this.problems.set(replacement.backstore, waitsForEngine(replacement));
  }

  private async change(
    waiting: readonly Replacement[],
    linked: readonly KernelLun[],
    tell: (held: Held) => Promise<EngineStatus | undefined>,
  ): Promise<EngineStatus | undefined> {
    const held = namesOf(waiting);
    const engine = await tell(held);
    for (const replacement of waiting) {
      const { backstore } = replacement;
      const permit = await this.permit(replacement, linked, engine);
      if ('allowed' in permit) {
        this.claims.set(backstore, permit);
        held.delete(backstore);
      } else this.problems.set(backstore, permit);
    }
    return held.size === waiting.length ? engine : await tell(held);
  }

  /** What has changed hands, or won't. An engine that doesn't answer may be about to. */
  private async release(pending: readonly Replacement[], engine: EngineStatus | undefined): Promise<void> {
    for (const [backstore, claim] of this.claims) {
      const replacement = pending.find((each) => each.backstore === backstore);
      const undecided = engine === undefined || (replacement && isUnderWay(replacement, engine));
      if (replacement !== undefined && undecided && !(engine && isDone(replacement, engine))) continue;
      this.claims.delete(backstore);
      await claim.release();
    }
  }

  private async permit(
    replacement: Replacement,
    linked: readonly KernelLun[],
    engine: EngineStatus | undefined,
  ): Promise<Allowed | LunProblem> {
    const claimed = this.claims.get(replacement.backstore);
    if (claimed !== undefined) return claimed;
    const problem = notYetServing(replacement, engine);
    if (problem !== undefined) return problem;
    const hctl = linked.find(({ backstore }) => backstore === replacement.backstore)?.hctl;
    if (replacement.sameData || hctl === undefined) return { allowed: true, release: () => Promise.resolve() };
    const permit = await this.dependencies.claim(hctl);
    if (permit.allowed) return permit;
    const message = `${permit.error.message}; replacing its device by ${replacement.name} waits until it isn't, unless replacement.sameData says that both hold the same data`;
    return { state: 'Pending', reason: 'InUse', message };
  }
}

function namesOf(replacements: readonly Replacement[]): Set<string> {
  return new Set(replacements.map(({ backstore }) => backstore));
}

// The diff of one session: its LUNs, their backstores, its nexus and the session itself (pure).
import { hbaOf, isOurs, isServedByKernel, pairName } from '../naming.js';
import type {
  DesiredLio,
  DesiredLun,
  DesiredRing,
  DesiredSession,
  ObservedBackstore,
  ObservedLun,
  ObservedSession,
} from '../model.js';
import { createRingSteps, differences, changeSteps } from './ring-backstore.js';
import type { Finding, FindingReason, Step } from './steps.js';

type IdleSession = Extract<ObservedSession, { busy: false }>;
type IdleLun = Extract<ObservedLun, { busy: false }>;

/** One session with everything of it in the wish and in the kernel; at least one of the two has something. */
export interface SessionView {
  wwn: string;
  desired?: DesiredSession;
  observed?: ObservedSession;
  /** Backstores of this session’s rings by name. */
  backstores: ReadonlyMap<string, ObservedBackstore>;
}

export interface Context extends Pick<DesiredLio, 'attachedRings' | 'unlinkUnattended' | 'owned'> {
  /** Backstores of what LIO serves that a LUN may be linked to. */
  usableDisks: ReadonlySet<string>;
  servedByOther: (lun: DesiredLun) => boolean;
}

export function diffSession(view: SessionView, context: Context): { steps: Step[]; findings: Finding[] } {
  const { wwn, observed } = view;
  // Linking and unlinking hold the SCSI host's scan lock: while one hangs, any other in this session would too.
  const lun = observed?.busy === false ? observed.luns.find((each) => each.busy)?.lun : undefined;
  if (observed?.busy === true || lun !== undefined) {
    const message = 'a step that was begun earlier is still at work in the kernel';
    return { steps: [], findings: [{ reason: 'StepPending', message, wwn, ...(lun !== undefined && { lun }) }] };
  }
  const plan = new SessionPlan(view, observed, context);
  plan.run();
  return { steps: plan.steps, findings: plan.findings };
}

class SessionPlan {
  readonly steps: Step[] = [];
  readonly findings: Finding[] = [];
  private readonly wwn: string;
  private readonly desired: DesiredSession | undefined;
  private readonly luns: DesiredLun[];
  private readonly exists: boolean;
  private readonly observed: IdleSession;
  /** LUN directories as they are after the steps so far. */
  private readonly directories: Map<number, IdleLun>;

  constructor(
    private readonly view: SessionView,
    observed: IdleSession | undefined,
    private readonly context: Context,
  ) {
    this.wwn = view.wwn;
    this.desired = view.desired;
    this.luns = view.desired?.luns ?? [];
    this.exists = observed !== undefined;
    this.observed = observed ?? { wwn: view.wwn, busy: false, tpg: false, foreignTpgs: [], luns: [] };
    const idle = this.observed.luns.filter((lun): lun is IdleLun => !lun.busy);
    this.directories = new Map(idle.map((lun) => [lun.lun, lun]));
  }

  run(): void {
    if (this.exists && this.desired === undefined && !this.owns(this.wwn)) {
      this.find('Orphan', 'a session of ours by its name, but not known to this node’s journal: left alone');
      return;
    }
    for (const lun of [...this.directories.values()]) this.detach(lun);
    const usable = new Set(this.luns.filter((lun) => this.isUsable(lun)));
    for (const backstore of this.view.backstores.values()) this.removeBackstore(backstore);
    if (this.desired === undefined) {
      if (this.exists) this.removeSession();
      return;
    }
    this.prepareSession(this.desired);
    for (const lun of this.luns) this.attach(lun, usable.has(lun));
  }

  /** Takes a LUN away that isn't wanted, or that is to be linked anew. */
  private detach(lun: IdleLun): void {
    const wanted = this.luns.find((each) => each.lun === lun.lun);
    if (lun.link === undefined) {
      if (wanted === undefined) this.removeLun(lun);
      return;
    }
    const { hba, backstore, name: link } = lun.link;
    if (!isOurs(backstore) || hba !== hbaOf(backstore)) {
      this.find('ForeignObject', `lun_${lun.lun} is linked to ${hba}/${backstore}, which isn’t ours`, lun.lun);
      return;
    }
    const name = pairName(link, backstore);
    const stays = wanted?.name === name && backstoreOf(wanted) === backstore;
    if (stays && lun.present) return;
    if (!stays && !this.owns(name)) {
      this.find('Orphan', `lun_${lun.lun} is linked as ${name}, which this node’s journal doesn’t know`, lun.lun);
      return;
    }
    if (!this.mayUnlink(lun, backstore, stays)) {
      const what = stays ? `linking lun_${lun.lun} anew, because its device is gone,` : `removing lun_${lun.lun}`;
      this.find('EngineUnavailable', `${what} waits for the engine`, lun.lun, name);
      return;
    }
    const device =
      lun.present && this.observed.address !== undefined ? `${this.observed.address}:${lun.lun}` : undefined;
    this.steps.push({
      kind: 'unlink',
      wwn: this.wwn,
      lun: lun.lun,
      link,
      backstore,
      ...(device !== undefined && { hctl: device }),
    });
    const emptied: IdleLun = { lun: lun.lun, busy: false, present: false };
    this.directories.set(lun.lun, emptied);
    if (wanted === undefined) this.removeLun(emptied);
  }

  /**
   * LIO answers for what it serves itself. Without a SCSI device unlinking sends no command. But then it would be no use unless the
   * new link gets its device: a LUN was linked before its nexus was set, or its device was deleted through sysfs.
   */
  private mayUnlink(lun: IdleLun, backstore: string, linkAnew: boolean): boolean {
    const { attachedRings, unlinkUnattended } = this.context;
    if (isServedByKernel(backstore) || attachedRings.has(backstore)) return true;
    return linkAnew ? this.observed.nexus === undefined : !lun.present || unlinkUnattended?.has(backstore) === true;
  }

  private removeLun({ lun }: IdleLun): void {
    this.steps.push({ kind: 'removeLun', wwn: this.wwn, lun });
    this.directories.delete(lun);
  }

  /** Whether the backstore can be linked: as wanted, enabled, and so observed rather than only intended. */
  private isUsable(wanted: DesiredLun): boolean {
    return wanted.engine === 'tcmu' ? this.prepareRing(wanted) : this.context.usableDisks.has(wanted.backstore);
  }

  private prepareRing(wanted: DesiredRing): boolean {
    const { name: backstore, parameters, ready, lun } = wanted;
    const found = this.view.backstores.get(backstore);
    if (found?.busy === true) {
      this.find('StepPending', `a step on ${backstore} is still at work in the kernel`, lun, backstore);
      return false;
    }
    if (!ready) {
      this.find('UnitNotReady', 'the device isn’t open in the engine yet', lun, backstore);
      return false;
    }
    if (found === undefined) {
      this.steps.push(...createRingSteps(wanted));
      return false;
    }
    const differing = differences(found, parameters);
    if (differing.length > 0) return this.recreateBackstore(wanted, differing);
    this.steps.push(...changeSteps(found, parameters));
    if (!found.enabled) this.steps.push({ kind: 'enableBackstore', backstore });
    return found.enabled;
  }

  private recreateBackstore(wanted: DesiredRing, differing: string[]): boolean {
    if (this.isLinked(wanted.name)) {
      this.find(
        'NeedsRecreation',
        `linked with another configuration: ${differing.join('; ')}`,
        wanted.lun,
        wanted.name,
      );
      return true;
    }
    this.steps.push({ kind: 'removeBackstore', backstore: wanted.name }, ...createRingSteps(wanted));
    return false;
  }

  private removeBackstore({ name, busy }: ObservedBackstore): void {
    if (this.luns.some((lun) => backstoreOf(lun) === name)) return;
    if (!this.owns(name)) {
      this.find('Orphan', `${name} is ours by its name, but this node’s journal doesn’t know it`, undefined, name);
    } else if (busy) {
      this.find('StepPending', `a step on ${name} is still at work in the kernel`, undefined, name);
    } else if (!this.isLinked(name)) {
      this.steps.push({ kind: 'removeBackstore', backstore: name });
    }
  }

  private prepareSession({ nexus, nexusCounts }: DesiredSession): void {
    const { wwn } = this;
    if (!this.exists || !this.observed.tpg) this.steps.push({ kind: 'createSession', wwn });
    if (this.observed.nexus === nexus || (this.observed.nexus !== undefined && !nexusCounts)) return;
    if (this.observed.nexus !== undefined) {
      if ([...this.directories.values()].some((lun) => lun.link !== undefined)) {
        this.find(
          'NeedsRecreation',
          `the nexus is ${this.observed.nexus}, wanted ${nexus}; it can’t change while a LUN is linked`,
        );
        return;
      }
      this.steps.push({ kind: 'dropNexus', wwn });
    }
    this.steps.push({ kind: 'setNexus', wwn, nexus });
  }

  private attach(wanted: DesiredLun, usable: boolean): void {
    const { lun, name } = wanted;
    const directory = this.directories.get(lun);
    if (directory?.link !== undefined || !usable || this.isLinked(name)) return;
    if (this.context.servedByOther(wanted)) {
      this.find(
        'OtherEngine',
        `linking lun_${lun} waits until no LUN is served by the device’s former engine`,
        lun,
        name,
      );
      return;
    }
    if (wanted.engine === 'tcmu' && !this.context.attachedRings.has(name)) {
      this.find('EngineUnavailable', `linking lun_${lun} waits for the engine`, lun, name);
      return;
    }
    if (directory === undefined) this.steps.push({ kind: 'createLun', wwn: this.wwn, lun });
    this.steps.push({ kind: 'link', wwn: this.wwn, lun, link: name, backstore: backstoreOf(wanted) });
  }

  private removeSession(): void {
    const { wwn, observed } = this;
    if (this.directories.size > 0) return;
    if (observed.nexus !== undefined) this.steps.push({ kind: 'dropNexus', wwn });
    if (observed.tpg) this.steps.push({ kind: 'removeTpg', wwn });
    if (observed.foreignTpgs.length === 0) this.steps.push({ kind: 'removeSession', wwn });
    else this.find('ForeignObject', `others made ${observed.foreignTpgs.join(', ')} in ${wwn}`);
  }

  private isLinked(name: string): boolean {
    const links = [...this.directories.values()].flatMap(({ link }) => link ?? []);
    return links.some((link) => link.hba === hbaOf(link.backstore) && pairName(link.name, link.backstore) === name);
  }

  private owns(name: string): boolean {
    const wanted = this.luns.some((lun) => lun.name === name);
    return wanted || this.context.owned === 'all' || this.context.owned.has(name);
  }

  private find(reason: FindingReason, message: string, lun?: number, backstore?: string): void {
    this.findings.push({
      reason,
      message,
      wwn: this.wwn,
      ...(lun !== undefined && { lun }),
      ...(backstore !== undefined && { backstore }),
    });
  }
}

function backstoreOf(wanted: DesiredLun): string {
  return wanted.engine === 'tcmu' ? wanted.name : wanted.backstore;
}

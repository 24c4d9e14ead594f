// The decision what to do to LIO: (desired, observed) → ordered steps and findings (pure).
import { HBAS, hbaOf, isServedByKernel, parseBackstoreName, sessionWwn, type Hba } from '../naming.js';
import type { DesiredLio, ObservedBackstore, ObservedLio } from '../model.js';
import { diffKernelDisk, type KernelDiskDifference } from './kernel-backstore.js';
import { servedByOther } from './other-engine.js';
import { diffSession, type SessionView } from './session.js';
import type { Finding, Step } from './steps.js';

export interface Difference {
  /** In an order in which each is possible; any prefix is safe to stop at. Steps of different groups are independent. */
  steps: Step[];
  findings: Finding[];
}

/**
 * Applying the steps and observing again gives no steps. A LUN that has to be made takes two rounds: its backstore
 * first, then its link, for a ring once the engine has attached it. What LIO serves takes two to go as well: its links
 * first. So does another engine for a device: what is of the one it had goes first. No step touches an object of others.
 */
export function diff(desired: DesiredLio, observed: ObservedLio): Difference {
  const disks = kernelDiskDifferences(desired, observed);
  const usableDisks = new Set([...disks].flatMap(([name, { usable }]) => (usable ? [name] : [])));
  const context = { ...desired, usableDisks, servedByOther: servedByOther(observed) };
  const sessions = sessionViews(desired, observed).map((view) => diffSession(view, context));
  const steps = [...[...disks.values()].flatMap((disk) => disk.steps), ...sessions.flatMap((session) => session.steps)];
  const emptied = HBAS.filter((hba) => leavesHbaEmpty(hba, observed, steps));
  return {
    steps: [...steps, ...emptied.map((hba): Step => ({ kind: 'removeHba', hba }))],
    findings: [
      ...[...disks].flatMap(([backstore, { finding }]) => (finding === undefined ? [] : [{ ...finding, backstore }])),
      ...sessions.flatMap((session) => session.findings),
    ],
  };
}

/**
 * What a step belongs to, the WWN of a session or the backstore of what LIO serves: the steps of one are done in order. Undefined
 * for the HBAs, which all share.
 */
export function groupOf(step: Step): string | undefined {
  if (step.kind === 'removeHba') return undefined;
  if ('wwn' in step) return step.wwn;
  return isServedByKernel(step.backstore) ? step.backstore : wwnOfRing(step.backstore);
}

function wwnOfRing(name: string): string {
  const uids = parseBackstoreName(name);
  if (uids === undefined) throw new TypeError(`${name} isn’t the name of a backstore of ours`);
  return sessionWwn(uids.sessionUid);
}

function kernelDiskDifferences(desired: DesiredLio, observed: ObservedLio): Map<string, KernelDiskDifference> {
  const wanted = new Map(desired.kernelDisks.map((disk) => [disk.backstore, disk]));
  const found = new Map(
    observed.backstores.filter(({ name }) => isServedByKernel(name)).map((backstore) => [backstore.name, backstore]),
  );
  const isLinked = linkedBackstores(observed);
  return new Map(
    [...new Set([...wanted.keys(), ...found.keys()])].map((backstore) => {
      const [want, have] = [wanted.get(backstore), found.get(backstore)];
      const owned = desired.owned === 'all' || desired.owned.has(backstore);
      const linked = isLinked(backstore);
      return [
        backstore,
        diffKernelDisk({
          backstore,
          linked,
          owned,
          ...(want !== undefined && { desired: want }),
          ...(have !== undefined && { observed: have }),
        }),
      ];
    }),
  );
}

/** What can’t be read at the moment may lead anywhere. */
function linkedBackstores({ sessions }: ObservedLio): (backstore: string) => boolean {
  const luns = sessions.flatMap((session) => (session.busy ? [] : session.luns));
  if (sessions.some(({ busy }) => busy) || luns.some(({ busy }) => busy)) return () => true;
  const linked = new Set(luns.flatMap((lun) => (lun.busy ? [] : (lun.link?.backstore ?? []))));
  return (backstore) => linked.has(backstore);
}

function sessionViews(desired: DesiredLio, observed: ObservedLio): SessionView[] {
  const backstores = new Map<string, Map<string, ObservedBackstore>>();
  for (const backstore of observed.backstores) {
    if (isServedByKernel(backstore.name)) continue;
    const wwn = wwnOfRing(backstore.name);
    backstores.set(wwn, (backstores.get(wwn) ?? new Map<string, ObservedBackstore>()).set(backstore.name, backstore));
  }
  const wanted = new Map(desired.sessions.map((session) => [session.wwn, session]));
  const found = new Map(observed.sessions.map((session) => [session.wwn, session]));
  return [...new Set([...wanted.keys(), ...found.keys(), ...backstores.keys()])].map((wwn) => {
    const [want, have] = [wanted.get(wwn), found.get(wwn)];
    return {
      wwn,
      ...(want !== undefined && { desired: want }),
      ...(have !== undefined && { observed: have }),
      backstores: backstores.get(wwn) ?? new Map<string, ObservedBackstore>(),
    };
  });
}

function leavesHbaEmpty(hba: Hba, { hbas, backstores }: ObservedLio, steps: Step[]): boolean {
  const removed = new Set(steps.flatMap((step) => (step.kind === 'removeBackstore' ? [step.backstore] : [])));
  return (
    hbas[hba] === 'own' &&
    backstores.every(({ name }) => hbaOf(name) !== hba || removed.has(name)) &&
    !steps.some((step) => step.kind === 'createBackstore' && hbaOf(step.backstore) === hba)
  );
}

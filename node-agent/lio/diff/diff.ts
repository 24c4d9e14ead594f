// The decision what to do to LIO: (desired, observed) → ordered steps and findings (pure).
import { parseBackstoreName, sessionWwn } from '../naming.js';
import type { DesiredLio, ObservedBackstore, ObservedLio } from '../model.js';
import { diffSession, type SessionView } from './session.js';
import type { Finding, Step } from './steps.js';

export interface Difference {
  /** In an order in which each is possible; any prefix is safe to stop at. Steps of different sessions are independent. */
  steps: Step[];
  findings: Finding[];
}

/**
 * Applying the steps and observing again gives no steps. A LUN that has to be made takes two rounds: its backstore
 * first, then, once the engine has attached the ring, its link. No step touches an object of others.
 */
export function diff(desired: DesiredLio, observed: ObservedLio): Difference {
  const sessions = sessionViews(desired, observed).map((view) => diffSession(view, desired));
  const steps = sessions.flatMap((session) => session.steps);
  return {
    steps: leavesHbaEmpty(observed, steps) ? [...steps, { kind: 'removeHba' }] : steps,
    findings: sessions.flatMap((session) => session.findings),
  };
}

/** The session (its WWN) that a step belongs to; undefined for the HBA, which all share. */
export function sessionOf(step: Step): string | undefined {
  if (step.kind === 'removeHba') return undefined;
  return 'wwn' in step ? step.wwn : wwnOfBackstore(step.backstore);
}

function wwnOfBackstore(name: string): string {
  const uids = parseBackstoreName(name);
  if (uids === undefined) throw new TypeError(`${name} isn’t the name of a backstore of ours`);
  return sessionWwn(uids.sessionUid);
}

function sessionViews(desired: DesiredLio, observed: ObservedLio): SessionView[] {
  const backstores = new Map<string, Map<string, ObservedBackstore>>();
  for (const backstore of observed.backstores) {
    const wwn = wwnOfBackstore(backstore.name);
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

function leavesHbaEmpty({ hba, backstores }: ObservedLio, steps: Step[]): boolean {
  const removed = new Set(steps.flatMap((step) => (step.kind === 'removeBackstore' ? [step.backstore] : [])));
  return (
    hba === 'own' &&
    backstores.every(({ name }) => removed.has(name)) &&
    !steps.some((step) => step.kind === 'createBackstore')
  );
}

// Ready, Progressing and Degraded out of findings and places; a condition that says the same keeps its time.
import type { Condition } from '../../crds/types.js';
import type { Finding, FindingReason } from '../plan/objects.js';
import type { Unit } from './units.js';

/** A condition before it is compared with the previous one. */
export interface Verdict {
  type: 'Ready' | 'Progressing' | 'Degraded';
  status: Condition['status'];
  reason: string;
  message: string;
}

/** Findings that end by themselves when what is missing turns up: nothing is broken. */
const WAITING: ReadonlySet<FindingReason> = new Set([
  'TargetNotFound',
  'DeviceNotFound',
  'NodeNotFound',
  'NoNodeMatches',
  'NoSession',
  'NotExposed',
]);
const MAX_MESSAGE = 1024;
const MAX_NAMED = 3;

/** The verdicts about an object that isn't being deleted. */
export function judgeObject(findings: readonly Finding[], units: readonly Unit[]): Verdict[] {
  const of = (...states: Unit['state'][]): Unit[] => units.filter(({ state }) => states.includes(state));
  const [failed, pending, unknown] = [of('Failed'), of('Pending', 'Terminating'), of('Unknown')];
  const broken = findings.filter(({ reason }) => !WAITING.has(reason));
  return [
    ready(findings, failed, pending, unknown, units.length),
    pending.length > 0
      ? { type: 'Progressing', status: 'True', reason: reasonOf(pending, 'Applying'), message: describe(pending) }
      : { type: 'Progressing', status: 'False', reason: 'Settled', message: 'nothing is under way' },
    broken.length > 0
      ? { type: 'Degraded', status: 'True', reason: broken[0]?.reason ?? 'Refused', message: tell(broken) }
      : failed.length > 0
        ? { type: 'Degraded', status: 'True', reason: reasonOf(failed, 'Failed'), message: describe(failed) }
        : { type: 'Degraded', status: 'False', reason: 'AsWanted', message: 'nothing is known to be wrong' },
  ];
}

function ready(
  findings: readonly Finding[],
  failed: readonly Unit[],
  pending: readonly Unit[],
  unknown: readonly Unit[],
  places: number,
): Verdict {
  const type = 'Ready';
  if (findings.length > 0) {
    return { type, status: 'False', reason: findings[0]?.reason ?? 'Refused', message: tell(findings) };
  }
  if (failed.length > 0) {
    return { type, status: 'False', reason: reasonOf(failed, 'Failed'), message: describe(failed) };
  }
  if (unknown.length > 0) {
    return { type, status: 'Unknown', reason: reasonOf(unknown, 'NodeUnreachable'), message: describe(unknown) };
  }
  if (pending.length > 0) {
    return { type, status: 'False', reason: reasonOf(pending, 'Applying'), message: describe(pending) };
  }
  return places === 0
    ? { type, status: 'False', reason: 'NotPlaced', message: 'it is placed on no node' }
    : { type, status: 'True', reason: 'Ready', message: `realised as it stands (${places} of ${places})` };
}

/** The verdicts about an object that is being deleted and held up. */
export function judgeDeletion(holds: readonly { node: string; message: string }[]): Verdict[] {
  const message = limit(
    list(
      holds.map(({ node, message: text }) => `node ${node}: ${text}`),
      'node',
    ),
  );
  return [
    { type: 'Ready', status: 'False', reason: 'Terminating', message },
    { type: 'Progressing', status: 'True', reason: 'Terminating', message },
    { type: 'Degraded', status: 'False', reason: 'AsWanted', message: 'nothing is known to be wrong' },
  ];
}

/** The conditions that these verdicts make of the previous ones. `now` is RFC 3339. */
export function toConditions(
  verdicts: readonly Verdict[],
  previous: readonly Condition[] | undefined,
  observedGeneration: number,
  now: string,
): Condition[] {
  return verdicts.map((verdict) => {
    const before = previous?.find(({ type }) => type === verdict.type);
    const lastTransitionTime = before?.status === verdict.status ? before.lastTransitionTime : now;
    return { ...verdict, lastTransitionTime, observedGeneration };
  });
}

function reasonOf(units: readonly Unit[], otherwise: string): string {
  return units.find(({ reason }) => reason !== undefined)?.reason ?? otherwise;
}

function describe(units: readonly Unit[]): string {
  const texts = units.map(({ node, session, message, state }) => {
    const place = session === undefined ? `node ${node}` : `node ${node}, session ${session}`;
    return `${place}: ${message ?? state}`;
  });
  return limit(list(texts, 'place'));
}

function tell(findings: readonly Finding[]): string {
  const texts = findings.map(({ node, message }) => (node === undefined ? message : `node ${node}: ${message}`));
  return limit(list(texts, 'finding'));
}

function list(texts: readonly string[], noun: string): string {
  const rest = texts.length - MAX_NAMED;
  return rest > 0
    ? `${texts.slice(0, MAX_NAMED).join('; ')}; and ${rest} more ${noun}${rest === 1 ? '' : 's'}`
    : texts.join('; ');
}

function limit(text: string): string {
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE - 1)}…`;
}

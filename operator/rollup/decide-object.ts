// decideObject: finalizer and status of one object that users write. Pure: the controller executes the answer.
import type { ScstNode } from '../../crds/types.js';
import { objectFindings } from '../plan/placement.js';
import { finding, hasFinalizer, isDeleting, uidOf, type Finding, type UserObject } from '../plan/objects.js';
import type { NodePlan } from '../plan/plan-node.js';
import type { Planner } from '../plan/planner.js';
import { nodesOf } from '../plan/references.js';
import { refreshTombstone } from '../plan/tombstones.js';
import { isDeepStrictEqual } from 'node:util';
import { judgeDeletion, judgeObject } from './conditions.js';
import { releaseHolds, type Hold, type NodeView } from './release.js';
import { nextStatus, type UserStatus } from './status.js';
import { unitsOf } from './units.js';

export interface ObjectInput {
  planner: Planner;
  /** As cached. */
  object: UserObject;
  /** Every Node and every ScstNode that exists. */
  nodes: readonly NodeView[];
  /** leaseTransitions of the Lease that this process leads by. */
  epoch: number;
  /** Milliseconds since 1970. */
  now: number;
  gracePeriodMs: number;
}

export interface ObjectDecision {
  /** What to do with our finalizer. */
  finalizer: 'add' | 'remove' | 'keep';
  /** What to write; absent when the object says it already. */
  status?: UserStatus;
  /** What keeps a deleted object. */
  waitingFor: Hold[];
  /** When time alone changes the answer. */
  retryAfterMs?: number;
  /** Names of nodes to decide about again: their ScstNode has the object otherwise than it is now. */
  nodes: string[];
}

/** Decides about one object. */
export function decideObject(input: ObjectInput): ObjectDecision {
  return isDeleting(input.object) ? decideDeleted(input) : decideLive(input);
}

function decideLive({ planner, object, nodes, now }: ObjectInput): ObjectDecision {
  const uid = uidOf(object);
  const views = new Map(nodes.map((view) => [view.name, view]));
  const planned = new Map<string, NodePlan>();
  const findings: Finding[] = objectFindings(planner.index, object);
  for (const name of nodesOf(planner.index, { kind: object.kind, name: object.metadata.name })) {
    const plan = planner.plan(name, views.get(name)?.scstNode?.spec);
    if (plan.generations.has(uid)) {
      planned.set(name, plan);
    }
    findings.push(...plan.findings.filter((found) => found.uid === uid && found.kind === object.kind));
  }
  const units = unitsOf(object, planned, views);
  if (findings.length === 0 && planned.size === 0 && object.kind === 'ScstDevice') {
    findings.push(finding(object, 'NotExposed', 'none of its LUNs has a place'));
  }
  const status = nextStatus(object, judgeObject(findings, units), units, now);
  return {
    finalizer: planned.size > 0 && !hasFinalizer(object) ? 'add' : 'keep',
    ...(status === object.status ? {} : { status }),
    waitingFor: [],
    nodes: [],
  };
}

function decideDeleted({ planner, object, nodes, epoch, now, gracePeriodMs }: ObjectInput): ObjectDecision {
  const uid = uidOf(object);
  const stale = nodes.filter(({ scstNode }) => scstNode !== undefined && isBehind(planner, object, scstNode));
  const base = { nodes: stale.map(({ name }) => name).sort() };
  if (!hasFinalizer(object)) {
    return { finalizer: 'keep', waitingFor: [], ...base };
  }
  const waitingFor = releaseHolds(uid, nodes, { epoch, now, gracePeriodMs });
  planner.wait(
    { kind: object.kind, name: object.metadata.name },
    waitingFor.map(({ node }) => node),
  );
  if (waitingFor.length === 0) {
    return { finalizer: 'remove', waitingFor, ...base };
  }
  const status = nextStatus(object, judgeDeletion(waitingFor), [], now);
  const times = waitingFor.flatMap(({ until }) => (until === undefined ? [] : [until]));
  return {
    finalizer: 'keep',
    ...(status === object.status ? {} : { status }),
    waitingFor,
    ...(times.length === 0 ? {} : { retryAfterMs: Math.max(0, Math.min(...times) - now) }),
    ...base,
  };
}

/** Whether a ScstNode still has an entry of a deleted object, or a tombstone that the object has since changed. */
function isBehind(planner: Planner, object: UserObject, { spec }: ScstNode): boolean {
  const uid = uidOf(object);
  const tombstone = spec.tombstones.find((candidate) => candidate.uid === uid);
  return tombstone === undefined
    ? [spec.devices, spec.targets, spec.sessions, spec.luns].flat().some((entry) => entry.uid === uid)
    : !isDeepStrictEqual(refreshTombstone(planner.index, tombstone), tombstone);
}

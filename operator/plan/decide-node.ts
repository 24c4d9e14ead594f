// decideNode: what to write into one ScstNode. Pure: the controller executes the answer.
import { isDeepStrictEqual } from 'node:util';
import type { ScstNode, ScstNodeSpec } from '../../crds/types.js';
import { MAX_OPEN_TOMBSTONES } from './limits.js';
import { objectOf } from './object-index.js';
import { hasFinalizer, type ObjectKey, type UserKind } from './objects.js';
import type { NodePlan, PlannedSpec } from './plan-node.js';
import type { Planner } from './planner.js';
import { nextTombstones } from './tombstones.js';

export interface NodeInput {
  planner: Planner;
  name: string;
  /** leaseTransitions of the Lease that this process leads by. */
  epoch: number;
  /** As cached, and not older than this process's own last write. */
  current?: ScstNode;
}

/** What to write. */
export type NodeAction =
  | { action: 'none' }
  | { action: 'create'; spec: ScstNodeSpec; owner: { name: string; uid: string } }
  | { action: 'apply'; spec: ScstNodeSpec; uid: string; resourceVersion: string }
  | { action: 'delete'; uid: string }
  | { action: 'superseded'; epoch: number };

export type NodeDecision = NodeAction & {
  /** Objects whose entry or finding on the node changed since the last decision about it, and those that wait for the node. */
  changed: ObjectKey[];
  /** Objects that the node should have, but whose finalizer has to be there first. */
  awaiting: ObjectKey[];
};

/** Decides about one node. */
export function decideNode({ planner, name, epoch, current }: NodeInput): NodeDecision {
  const node = planner.index.nodes.get(name);
  // Whatever made the controller look at this node may be what a deleted object waits for.
  const nothing = { changed: planner.waitingFor(name), awaiting: [] };
  if (node === undefined) {
    planner.forget(name);
  }
  if (current !== undefined && current.spec.epoch > epoch) {
    return { action: 'superseded', epoch: current.spec.epoch, ...nothing };
  }
  if (current !== undefined && current.spec.nodeUID !== node?.uid) {
    // Another Node of the same name is another machine: what the old one was to do is not for it.
    return { action: 'delete', uid: current.metadata.uid ?? '', ...nothing };
  }
  if (node === undefined) {
    return { action: 'none', ...nothing };
  }
  const plan = planner.plan(name, current?.spec);
  const changed = [...nothing.changed, ...planner.decide(name, plan)];
  const { planned, awaiting } = admissible(planner, plan, current);
  const spec: ScstNodeSpec = {
    nodeUID: node.uid,
    epoch,
    ...planned,
    tombstones: current === undefined ? [] : nextTombstones(planner.index, current, planned),
  };
  if (current === undefined) {
    return { action: 'create', spec, owner: { name, uid: node.uid }, changed, awaiting };
  }
  if (isDeepStrictEqual(spec, current.spec)) {
    return { action: 'none', changed, awaiting };
  }
  const { uid = '', resourceVersion = '' } = current.metadata;
  return { action: 'apply', spec, uid, resourceVersion, changed, awaiting };
}

/**
 * The part of a plan that may be written now. An entry needs the finalizer on its object first (else nothing would hold
 * the object until the node has let go), and what it refers to. A node that owes too many answers gets nothing new, so
 * that a ScstNode stays below what etcd takes however much comes and goes while the node is away.
 */
function admissible(
  planner: Planner,
  plan: NodePlan,
  current: ScstNode | undefined,
): { planned: PlannedSpec; awaiting: ObjectKey[] } {
  const awaiting: ObjectKey[] = [];
  const present = new Set<string>(
    current === undefined
      ? []
      : [current.spec.devices, current.spec.targets, current.spec.sessions, current.spec.luns]
          .flat()
          .map(({ uid }) => uid),
  );
  const overdue = (current?.spec.tombstones.length ?? 0) >= MAX_OPEN_TOMBSTONES;
  const admitted = new Set<string>();
  const admit = <T extends { name: string; uid: string }>(kind: UserKind, entries: readonly T[]): T[] =>
    entries.filter(({ name, uid }) => {
      const object = objectOf(planner.index, kind, name);
      if (object === undefined || !hasFinalizer(object)) {
        awaiting.push({ kind, name });
      }
      // Who takes the finalizer off a live object by hand loses no device: it is put on again.
      const ready = present.has(uid) || (object !== undefined && hasFinalizer(object) && !overdue);
      if (!ready) {
        return false;
      }
      admitted.add(uid);
      return true;
    });
  const devices = admit('ScstDevice', plan.spec.devices);
  const targets = admit('ScstTarget', plan.spec.targets);
  const sessions = admit('ScstSession', plan.spec.sessions).filter(({ target }) => admitted.has(target));
  const luns = admit('ScstLun', plan.spec.luns).filter(
    ({ target, device }) => admitted.has(target) && admitted.has(device),
  );
  return { planned: { setupId: plan.spec.setupId, devices, targets, sessions, luns }, awaiting };
}

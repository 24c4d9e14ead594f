// What has to go from a node: entries that its spec no longer has, until the node's status has answered. Pure.
import type { ScstNode, ScstNodeStatus, Tombstone } from '../../crds/types.js';
import { objectOf, type Index } from './object-index.js';
import { byName, isDeleting, uidOf, type UserKind, type UserObject } from './objects.js';
import type { PlannedSpec } from './plan-node.js';

const LISTS = [
  ['devices', 'ScstDevice'],
  ['targets', 'ScstTarget'],
  ['sessions', 'ScstSession'],
  ['luns', 'ScstLun'],
] as const;

/** Every uid that a status says the node still holds something of. */
export function heldUids(status: ScstNodeStatus | undefined): Set<string> {
  const uids = new Set<string>();
  for (const [list] of LISTS) {
    for (const { uid } of status?.[list] ?? []) {
      uids.add(uid);
    }
  }
  for (const { session } of status?.luns ?? []) {
    uids.add(session);
  }
  return uids;
}

/** Whether the node's status follows the spec that the ScstNode has now. */
export function isCaughtUp(node: ScstNode): boolean {
  const observed = node.status?.observedGeneration;
  return observed !== undefined && observed >= (node.metadata.generation ?? 0);
}

/** The tombstones of the spec that is to follow `current`, in the order of kinds and names. */
export function nextTombstones(index: Index, current: ScstNode, next: PlannedSpec): Tombstone[] {
  const wanted = new Set(LISTS.flatMap(([list]) => next[list].map(({ uid }) => uid)));
  const answered = isCaughtUp(current) ? heldUids(current.status) : undefined;
  const tombstones = new Map<string, Tombstone>();
  for (const tombstone of current.spec.tombstones) {
    if (!wanted.has(tombstone.uid) && (answered === undefined || answered.has(tombstone.uid))) {
      tombstones.set(tombstone.uid, refreshTombstone(index, tombstone));
    }
  }
  for (const [list, kind] of LISTS) {
    for (const { uid, name } of current.spec[list]) {
      if (!wanted.has(uid)) {
        tombstones.set(uid, newTombstone(index, kind, name, uid));
      }
    }
  }
  const order = (kind: UserKind): number => LISTS.findIndex(([, listed]) => listed === kind);
  return [...tombstones.values()].sort((a, b) => order(a.kind) - order(b.kind) || byName(a, b));
}

/** A tombstone as its object has it now: whoever waits for a busy device may still turn to Force, or change reclaimPolicy. */
export function refreshTombstone(index: Index, tombstone: Tombstone): Tombstone {
  const object = objectByUid(index, tombstone.kind, tombstone.name, tombstone.uid);
  return object === undefined
    ? tombstone
    : {
        ...tombstone,
        force: isForced(index, object),
        reclaim: tombstone.reason === 'Deleted' ? reclaimOf(object) : tombstone.reclaim,
      };
}

function newTombstone(index: Index, kind: UserKind, name: string, uid: string): Tombstone {
  const object = objectByUid(index, kind, name, uid);
  if (object === undefined) {
    // Gone without our release, as after a restore of etcd: nobody asked for anything to be lost.
    return { kind, name, uid, reason: 'Vanished', reclaim: 'Retain', force: false };
  }
  const force = isForced(index, object);
  return isDeleting(object)
    ? { kind, name, uid, reason: 'Deleted', reclaim: reclaimOf(object), force }
    : { kind, name, uid, reason: 'Unplaced', reclaim: 'Retain', force };
}

function objectByUid(index: Index, kind: UserKind, name: string, uid: string): UserObject | undefined {
  const object = objectOf(index, kind, name);
  return object !== undefined && uidOf(object) === uid ? object : undefined;
}

function reclaimOf(object: UserObject): 'Retain' | 'Delete' {
  return object.kind === 'ScstDevice' ? (object.spec.reclaimPolicy ?? 'Retain') : 'Retain';
}

/** Forced by its own deletionPolicy, or by that of a target that is deleted and takes its sessions and LUNs off the node. */
function isForced(index: Index, object: UserObject): boolean {
  if (object.kind === 'ScstDevice') {
    return false;
  }
  if (object.spec.deletionPolicy === 'Force') {
    return true;
  }
  const target = object.kind === 'ScstTarget' ? undefined : index.targets.get(object.spec.target);
  return target !== undefined && isDeleting(target) && target.spec.deletionPolicy === 'Force';
}

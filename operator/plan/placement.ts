// What holds for an object on every node: missing references, LUN numbers taken twice, where an Exclusive device is.
import type { ScstDevice, ScstLun, ScstSession, ScstTarget } from '../../crds/types.js';
import { deviceRefusal } from './device.js';
import { groupOf, hasGroup } from './groups.js';
import { namesOf, type Index } from './object-index.js';
import { byAge, compare, finding, isDeleting, scstNameOf, type Finding, type UserObject } from './objects.js';

/** The LUNs of a target that exist and aren't being deleted, the oldest first. */
export function lunsOf(index: Index, target: string): ScstLun[] {
  return live(index.luns, namesOf(index.lunsByTarget, target));
}

/** The sessions of a target that exist and aren't being deleted, the oldest first. */
export function sessionsOf(index: Index, target: string): ScstSession[] {
  return live(index.sessions, namesOf(index.sessionsByTarget, target));
}

/** The objects of these names that exist and aren't being deleted, the oldest first. */
export function live<T extends UserObject>(objects: ReadonlyMap<string, T>, names: Iterable<string>): T[] {
  const found: T[] = [];
  for (const name of names) {
    const object = objects.get(name);
    if (object !== undefined && !isDeleting(object)) {
      found.push(object);
    }
  }
  return found.sort(byAge);
}

/**
 * The LUN that holds each number of each group, of LUNs of one target in the order of age. An older LUN without a device
 * holds its number too.
 */
export function lunHolders(luns: readonly ScstLun[]): ReadonlyMap<string, ScstLun> {
  const holders = new Map<string, ScstLun>();
  for (const lun of luns) {
    const place = placeOf(lun);
    if (!holders.has(place)) {
      holders.set(place, lun);
    }
  }
  return holders;
}

function holderOf(index: Index, lun: ScstLun): ScstLun | undefined {
  return lunHolders(lunsOf(index, lun.spec.target)).get(placeOf(lun));
}

function placeOf({ spec: { group, lun } }: ScstLun): string {
  return `${group ?? ''}/${lun}`;
}

/**
 * The only node where an Exclusive device may be: of its oldest LUN that has a place, the oldest node, because the one
 * that has worked longest keeps working.
 */
export function exclusiveNode(index: Index, device: string): string | undefined {
  for (const lun of live(index.luns, namesOf(index.lunsByDevice, device))) {
    if (holderOf(index, lun) !== lun) {
      continue;
    }
    const nodes = [...namesOf(index.nodesByTarget, lun.spec.target)].map((name) => ({
      name,
      created: index.nodes.get(name)?.creationTimestamp ?? '',
    }));
    const [first] = nodes.sort((a, b) => compare(a.created, b.created) || compare(a.name, b.name));
    if (first !== undefined) {
      return first.name;
    }
  }
  return undefined;
}

/** What is wrong with an object on every node alike. An object that is being deleted has no findings. */
export function objectFindings(index: Index, object: UserObject): Finding[] {
  if (isDeleting(object)) {
    return [];
  }
  switch (object.kind) {
    case 'ScstDevice':
      return deviceFindings(index, object);
    case 'ScstTarget':
      return targetFindings(index, object);
    case 'ScstSession':
      return sessionFindings(index, object);
    case 'ScstLun':
      return lunFindings(index, object);
  }
}

function deviceFindings(index: Index, device: ScstDevice): Finding[] {
  const refusal = deviceRefusal(device);
  if (refusal !== undefined) {
    return [finding(device, refusal.reason, refusal.message)];
  }
  const luns = live(index.luns, namesOf(index.lunsByDevice, device.metadata.name));
  if (luns.length === 0) {
    return [finding(device, 'NotExposed', 'no ScstLun exposes it')];
  }
  const placed = luns.some(({ spec }) => namesOf(index.nodesByTarget, spec.target).size > 0);
  if (!placed) {
    return [finding(device, 'NotExposed', 'none of the targets of its LUNs is on a node')];
  }
  return luns.some(({ spec }) => hasGroup(index.targets.get(spec.target), spec.group))
    ? []
    : [finding(device, 'NotExposed', 'none of its LUNs is in a group that its target has')];
}

function targetFindings(index: Index, target: ScstTarget): Finding[] {
  if (namesOf(index.nodesByTarget, target.metadata.name).size > 0) {
    return [];
  }
  const { nodeName } = target.spec;
  return nodeName === undefined
    ? [finding(target, 'NoNodeMatches', 'no node has the labels of nodeSelector')]
    : [finding(target, 'NodeNotFound', `node ${nodeName} doesn't exist`)];
}

/** Why a session or LUN has no place in its target; undefined when it has one. */
function targetProblem(index: Index, object: ScstSession | ScstLun): Finding | undefined {
  const name = object.spec.target;
  const target = index.targets.get(name);
  if (target === undefined || isDeleting(target)) {
    return finding(object, 'TargetNotFound', `ScstTarget ${name} ${absence(target)}`);
  }
  return namesOf(index.nodesByTarget, name).size === 0
    ? finding(object, 'NoNodeMatches', `ScstTarget ${name} is on no node`)
    : undefined;
}

function sessionFindings(index: Index, session: ScstSession): Finding[] {
  const problem = targetProblem(index, session);
  if (problem !== undefined) {
    return [problem];
  }
  const { nodeName, target } = session.spec;
  return nodeName === undefined || namesOf(index.nodesByTarget, target).has(nodeName)
    ? []
    : [finding(session, 'NoNodeMatches', `ScstTarget ${target} isn't on node ${nodeName}`)];
}

function lunFindings(index: Index, lun: ScstLun): Finding[] {
  const holder = holderOf(index, lun);
  const { target: targetName, group } = lun.spec;
  const set = group === undefined ? `ScstTarget ${targetName}` : `group ${group} of ScstTarget ${targetName}`;
  if (holder !== undefined && holder !== lun) {
    const message = `LUN ${lun.spec.lun} of ${set} belongs to the older ScstLun ${holder.metadata.name}`;
    return [finding(lun, 'LunConflict', message)];
  }
  const name = lun.spec.device;
  const device = index.devices.get(name);
  const problem = targetProblem(index, lun);
  if (problem?.reason === 'TargetNotFound') {
    return [problem];
  }
  if (device === undefined || isDeleting(device)) {
    return [finding(lun, 'DeviceNotFound', `ScstDevice ${name} ${absence(device)}`)];
  }
  if (problem !== undefined) {
    return [problem];
  }
  const target = index.targets.get(targetName);
  if (target !== undefined && !hasGroup(target, group)) {
    return [finding(lun, 'GroupNotFound', `ScstTarget ${targetName} has no group ${group}`)];
  }
  return target !== undefined && isSeen(index, target, lun)
    ? []
    : [finding(lun, 'NoSession', `${set} has no ScstSession, so there is no SCSI host for it`)];
}

/** Whether a session of the target that has a place sees the LUN. */
function isSeen(index: Index, target: ScstTarget, lun: ScstLun): boolean {
  const nodes = namesOf(index.nodesByTarget, target.metadata.name);
  return sessionsOf(index, target.metadata.name).some((session) => {
    const { nodeName } = session.spec;
    const choice = groupOf(target, scstNameOf(session));
    return (
      (nodeName === undefined || nodes.has(nodeName)) && !('conflict' in choice) && choice.group === lun.spec.group
    );
  });
}

function absence(object: UserObject | undefined): string {
  return object === undefined ? "doesn't exist" : 'is being deleted';
}

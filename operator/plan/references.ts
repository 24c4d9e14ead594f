// Who is concerned by a change: nodes whose plan may differ, and objects whose status may.
import { isDeepStrictEqual } from 'node:util';
import type { ScstNode } from '../../crds/types.js';
import { namesOf, type Index } from './object-index.js';
import type { Change, ObjectKey } from './objects.js';

/**
 * The nodes whose plan the named object takes part in, in this snapshot. A change concerns those of the snapshot before it
 * and those of the snapshot after it.
 */
export function nodesOf(index: Index, change: Pick<Change, 'kind' | 'name'>): Set<string> {
  const nodes = new Set<string>();
  switch (change.kind) {
    case 'Node':
      nodes.add(change.name);
      for (const target of namesOf(index.targetsByNode, change.name)) {
        addExclusiveNodes(index, target, nodes);
      }
      break;
    case 'ScstTarget':
      addAll(nodes, namesOf(index.nodesByTarget, change.name));
      addExclusiveNodes(index, change.name, nodes);
      break;
    case 'ScstSession':
      addAll(nodes, namesOf(index.nodesByTarget, index.sessions.get(change.name)?.spec.target ?? ''));
      break;
    case 'ScstLun': {
      const target = index.luns.get(change.name)?.spec.target ?? '';
      addAll(nodes, namesOf(index.nodesByTarget, target));
      addExclusiveNodes(index, target, nodes);
      break;
    }
    case 'ScstDevice':
      addDeviceNodes(index, change.name, nodes);
      break;
  }
  return nodes;
}

/** Which node may have an Exclusive device depends on all targets that expose it, so they stand and fall together. */
function addExclusiveNodes(index: Index, target: string, nodes: Set<string>): void {
  for (const name of namesOf(index.lunsByTarget, target)) {
    const device = index.luns.get(name)?.spec.device ?? '';
    if (index.devices.get(device)?.spec.sharing === 'Exclusive') {
      addDeviceNodes(index, device, nodes);
    }
  }
}

function addDeviceNodes(index: Index, device: string, nodes: Set<string>): void {
  for (const name of namesOf(index.lunsByDevice, device)) {
    addAll(nodes, namesOf(index.nodesByTarget, index.luns.get(name)?.spec.target ?? ''));
  }
}

/** The objects whose status says something about the named one, itself included, in this snapshot. */
export function objectsOf(index: Index, change: Pick<Change, 'kind' | 'name'>): ObjectKey[] {
  switch (change.kind) {
    case 'Node':
      return [...namesOf(index.targetsByNode, change.name)].flatMap((target) => ofTarget(index, target));
    case 'ScstTarget':
      return ofTarget(index, change.name);
    case 'ScstSession': {
      const target = index.sessions.get(change.name)?.spec.target ?? '';
      return [{ kind: 'ScstSession', name: change.name }, ...lunsOfTarget(index, target)];
    }
    case 'ScstLun': {
      const lun = index.luns.get(change.name);
      const self: ObjectKey = { kind: 'ScstLun', name: change.name };
      return lun === undefined
        ? [self]
        : [
            self,
            { kind: 'ScstDevice', name: lun.spec.device },
            ...lunsOfTarget(index, lun.spec.target).filter(
              ({ name }) => index.luns.get(name)?.spec.lun === lun.spec.lun && name !== change.name,
            ),
          ];
    }
    case 'ScstDevice':
      return [
        { kind: 'ScstDevice', name: change.name },
        ...[...namesOf(index.lunsByDevice, change.name)].map((name): ObjectKey => ({ kind: 'ScstLun', name })),
      ];
  }
}

function lunsOfTarget(index: Index, target: string): ObjectKey[] {
  return [...namesOf(index.lunsByTarget, target)].map((name) => ({ kind: 'ScstLun', name }));
}

function ofTarget(index: Index, target: string): ObjectKey[] {
  const luns = lunsOfTarget(index, target);
  return [
    { kind: 'ScstTarget', name: target },
    ...[...namesOf(index.sessionsByTarget, target)].map((name): ObjectKey => ({ kind: 'ScstSession', name })),
    ...luns,
    ...luns.map(({ name }): ObjectKey => ({ kind: 'ScstDevice', name: index.luns.get(name)?.spec.device ?? '' })),
  ];
}

function addAll(to: Set<string>, names: Iterable<string>): void {
  for (const name of names) {
    to.add(name);
  }
}

const LISTS = {
  devices: 'ScstDevice',
  targets: 'ScstTarget',
  sessions: 'ScstSession',
  luns: 'ScstLun',
} as const satisfies Record<string, ObjectKey['kind']>;

/**
 * The objects whose status or release may differ between two states of a ScstNode; all that it names when one of them is
 * absent. What a deleted object waits for is the Planner's to know.
 */
export function objectsConcerned(before: ScstNode | undefined, after: ScstNode | undefined): ObjectKey[] {
  const old = mentions(before);
  const now = mentions(after);
  const keys = new Map<string, ObjectKey>();
  for (const [uid, mention] of [...old, ...now]) {
    const [a, b] = [old.get(uid), now.get(uid)];
    if (a === undefined || b === undefined || !isDeepStrictEqual(a, b)) {
      keys.set(uid, mention.key);
    }
  }
  return [...keys.values()];
}

interface Mention {
  key: ObjectKey;
  buried: boolean;
  generation?: number;
  statuses: unknown[];
}

function mentions(node: ScstNode | undefined): Map<string, Mention> {
  const found = new Map<string, Mention>();
  for (const [list, kind] of Object.entries(LISTS) as [keyof typeof LISTS, ObjectKey['kind']][]) {
    for (const { uid, name, generation } of node?.spec[list] ?? []) {
      found.set(uid, { key: { kind, name }, buried: false, generation, statuses: [] });
    }
  }
  for (const { uid, kind, name } of node?.spec.tombstones ?? []) {
    found.set(uid, { key: { kind, name }, buried: true, statuses: [] });
  }
  for (const list of Object.keys(LISTS) as (keyof typeof LISTS)[]) {
    for (const status of node?.status?.[list] ?? []) {
      found.get(status.uid)?.statuses.push(status);
    }
  }
  return found;
}

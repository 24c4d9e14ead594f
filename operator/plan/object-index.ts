// An immutable snapshot of all objects and nodes with the look-ups that planning needs, and how it follows changes.
import type { ScstDevice, ScstLun, ScstSession, ScstTarget } from '../../crds/types.js';
import type { Change, ClusterNode, UserKind, UserObject } from './objects.js';
import { isDeleting } from './objects.js';
import { isPlacedOn } from './selector.js';

type Names = ReadonlySet<string>;
type NamesBy = ReadonlyMap<string, Names>;
const NONE: Names = new Set();

/** Look-ups by name. An object that is being deleted is in the maps of objects, and placed nowhere. */
export interface Index {
  readonly devices: ReadonlyMap<string, ScstDevice>;
  readonly targets: ReadonlyMap<string, ScstTarget>;
  readonly sessions: ReadonlyMap<string, ScstSession>;
  readonly luns: ReadonlyMap<string, ScstLun>;
  readonly nodes: ReadonlyMap<string, ClusterNode>;
  /** Names of the sessions that refer to a target, whether it exists or not; likewise below. */
  readonly sessionsByTarget: NamesBy;
  readonly lunsByTarget: NamesBy;
  readonly lunsByDevice: NamesBy;
  readonly nodesByTarget: NamesBy;
  readonly targetsByNode: NamesBy;
}

export const EMPTY_INDEX: Index = {
  devices: new Map(),
  targets: new Map(),
  sessions: new Map(),
  luns: new Map(),
  nodes: new Map(),
  sessionsByTarget: new Map(),
  lunsByTarget: new Map(),
  lunsByDevice: new Map(),
  nodesByTarget: new Map(),
  targetsByNode: new Map(),
};

/** The snapshot of these objects and nodes; their order doesn't matter. */
export function buildIndex(objects: Iterable<UserObject>, nodes: Iterable<ClusterNode>): Index {
  const changes: Change[] = [];
  for (const object of objects) {
    changes.push({ kind: object.kind, name: object.metadata.name, object });
  }
  for (const node of nodes) {
    changes.push({ kind: 'Node', name: node.name, object: node });
  }
  return indexWith(EMPTY_INDEX, changes);
}

/** The snapshot after these changes. What no change touches is shared with the one before. */
export function indexWith(index: Index, changes: Iterable<Change>): Index {
  const draft = new Draft(index);
  for (const change of changes) {
    draft.apply(change);
  }
  return draft.index;
}

/** The object of a kind and name. */
export function objectOf(index: Index, kind: UserKind, name: string): UserObject | undefined {
  switch (kind) {
    case 'ScstDevice':
      return index.devices.get(name);
    case 'ScstTarget':
      return index.targets.get(name);
    case 'ScstSession':
      return index.sessions.get(name);
    case 'ScstLun':
      return index.luns.get(name);
  }
}

/** The names under a key; empty when there are none. */
export function namesOf(names: NamesBy, key: string): Names {
  return names.get(key) ?? NONE;
}

/** Copies each map of the snapshot once, on the first change to it. */
class Draft {
  readonly index: { -readonly [K in keyof Index]: Index[K] };
  private readonly copied = new Set<keyof Index>();

  constructor(base: Index) {
    this.index = { ...base };
  }

  apply(change: Change): void {
    if (change.kind === 'Node') {
      this.applyNode(change.name, change.object);
      return;
    }
    const before = objectOf(this.index, change.kind, change.name);
    const after = change.object;
    this.link(before, 'delete');
    switch (change.kind) {
      case 'ScstDevice':
        set(this.own('devices'), change.name, after as ScstDevice | undefined);
        break;
      case 'ScstTarget':
        set(this.own('targets'), change.name, after as ScstTarget | undefined);
        break;
      case 'ScstSession':
        set(this.own('sessions'), change.name, after as ScstSession | undefined);
        break;
      case 'ScstLun':
        set(this.own('luns'), change.name, after as ScstLun | undefined);
        break;
    }
    this.link(after, 'add');
  }

  private applyNode(name: string, node: ClusterNode | undefined): void {
    set(this.own('nodes'), name, node);
    for (const target of this.index.targets.values()) {
      const placed = node !== undefined && !isDeleting(target) && isPlacedOn(target, node);
      this.place(target.metadata.name, name, placed ? 'add' : 'delete');
    }
  }

  private link(object: UserObject | undefined, action: 'add' | 'delete'): void {
    if (object?.kind === 'ScstSession') {
      this.edit('sessionsByTarget', object.spec.target, object.metadata.name, action);
    } else if (object?.kind === 'ScstLun') {
      this.edit('lunsByTarget', object.spec.target, object.metadata.name, action);
      this.edit('lunsByDevice', object.spec.device, object.metadata.name, action);
    } else if (object?.kind === 'ScstTarget' && action === 'delete') {
      for (const node of namesOf(this.index.nodesByTarget, object.metadata.name)) {
        this.place(object.metadata.name, node, 'delete');
      }
    } else if (object?.kind === 'ScstTarget' && !isDeleting(object)) {
      for (const node of this.index.nodes.values()) {
        if (isPlacedOn(object, node)) {
          this.place(object.metadata.name, node.name, 'add');
        }
      }
    }
  }

  private place(target: string, node: string, action: 'add' | 'delete'): void {
    this.edit('nodesByTarget', target, node, action);
    this.edit('targetsByNode', node, target, action);
  }

  private edit(
    field: 'sessionsByTarget' | 'lunsByTarget' | 'lunsByDevice' | 'nodesByTarget' | 'targetsByNode',
    key: string,
    name: string,
    action: 'add' | 'delete',
  ): void {
    const before = namesOf(this.index[field], key);
    if (before.has(name) === (action === 'add')) {
      return;
    }
    const names = new Set(before);
    names[action](name);
    set(this.own(field), key, names.size === 0 ? undefined : names);
  }

  private own<K extends keyof Index>(field: K): Map<string, Index[K] extends ReadonlyMap<string, infer V> ? V : never> {
    if (!this.copied.has(field)) {
      this.copied.add(field);
      this.index[field] = new Map(this.index[field] as ReadonlyMap<string, never>);
    }
    return this.index[field] as unknown as Map<string, Index[K] extends ReadonlyMap<string, infer V> ? V : never>;
  }
}

function set<V>(map: Map<string, V>, key: string, value: V | undefined): void {
  if (value === undefined) {
    map.delete(key);
  } else {
    map.set(key, value);
  }
}

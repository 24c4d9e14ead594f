// Follows changes of objects and nodes, and hands out plans that it makes once for each state of a node's inputs.
import type { ScstNodeSpec } from '../../crds/types.js';
import { EMPTY_INDEX, indexWith, type Index } from './object-index.js';
import { keyText, type Change, type ObjectKey } from './objects.js';
import { planNode, type KeptEntries, type NodePlan } from './plan-node.js';
import { nodesOf, objectsOf } from './references.js';

/** Whom an update concerns. */
export interface Concerned {
  /** Names of nodes whose plan may differ. */
  nodes: Set<string>;
  /** The changed objects, and those whose status says something about them. */
  objects: ObjectKey[];
}

/** Holds the current index. Its answers depend on the changes fed into it and on nothing else. */
export class Planner {
  private current: Index = EMPTY_INDEX;
  private readonly plans = new Map<string, NodePlan>();
  private readonly decided = new Map<string, NodePlan>();
  /** By node, the objects whose release it holds up, by their key's text. */
  private readonly waiting = new Map<string, Map<string, ObjectKey>>();

  constructor(readonly setupId: string) {}

  get index(): Index {
    return this.current;
  }

  /** Takes in changes. One call for many changes copies the look-ups once. */
  update(changes: readonly Change[]): Concerned {
    const before = this.current;
    const after = indexWith(before, changes);
    this.current = after;
    const nodes = new Set<string>();
    const objects = new Map<string, ObjectKey>();
    for (const change of changes) {
      for (const index of [before, after]) {
        for (const name of nodesOf(index, change)) {
          nodes.add(name);
          this.plans.delete(name);
        }
        for (const key of objectsOf(index, change)) {
          objects.set(keyText(key), key);
        }
      }
    }
    return { nodes, objects: [...objects.values()] };
  }

  /**
   * The plan of a node. `spec` is what its ScstNode says now: what is refused after an edit keeps the entry that it has
   * there, and devices whose file is to be deleted with them stay until they are.
   */
  plan(node: string, spec?: Pick<ScstNodeSpec, 'devices' | 'sessions' | 'luns'>): NodePlan {
    let plan = this.plans.get(node);
    if (plan === undefined) {
      plan = planNode(this.current, node, { setupId: this.setupId });
      this.plans.set(node, plan);
    }
    const kept = keptEntries(plan, spec);
    const present = new Set(
      spec?.devices.filter(({ reclaimPolicy }) => reclaimPolicy === 'Delete').map(({ uid }) => uid),
    );
    const isPlain = kept.devices.size + kept.sessions.size + kept.luns.size === 0 && present.size === 0;
    return isPlain ? plan : planNode(this.current, node, { setupId: this.setupId, kept, present });
  }

  /** Remembers the plan that was decided on for a node and tells the objects that it means something else for than the last. */
  decide(node: string, plan: NodePlan): ObjectKey[] {
    const before = this.decided.get(node);
    this.decided.set(node, plan);
    return before === plan ? [] : differences(before, plan);
  }

  /** Remembers the nodes that hold up the release of an object, in place of those that did. */
  wait(key: ObjectKey, nodes: readonly string[]): void {
    const text = keyText(key);
    for (const objects of this.waiting.values()) {
      objects.delete(text);
    }
    for (const node of nodes) {
      const objects = this.waiting.get(node) ?? new Map<string, ObjectKey>();
      this.waiting.set(node, objects.set(text, key));
    }
  }

  /** The objects whose release a node holds up. */
  waitingFor(node: string): ObjectKey[] {
    return [...(this.waiting.get(node)?.values() ?? [])];
  }

  /** Forgets a node that is gone. */
  forget(node: string): void {
    this.decided.delete(node);
    this.plans.delete(node);
  }
}

function keptEntries(
  plan: NodePlan,
  spec: Pick<ScstNodeSpec, 'devices' | 'sessions' | 'luns'> | undefined,
): KeptEntries {
  const refused = new Set(plan.refused);
  // With a LUN that is left as it is goes the device that it has.
  for (const { uid, device } of spec?.luns ?? []) {
    if (refused.has(uid)) {
      refused.add(device);
    }
  }
  const keep = <T extends { uid: string }>(entries: readonly T[] = []): Map<string, T> =>
    new Map(entries.filter(({ uid }) => refused.has(uid)).map((entry) => [entry.uid, entry]));
  return { devices: keep(spec?.devices), sessions: keep(spec?.sessions), luns: keep(spec?.luns) };
}

function differences(before: NodePlan | undefined, after: NodePlan): ObjectKey[] {
  const old = meanings(before);
  const now = meanings(after);
  const keys: ObjectKey[] = [];
  for (const [text, { key, meaning }] of new Map([...old, ...now])) {
    if (old.get(text)?.meaning !== meaning || now.get(text)?.meaning !== meaning) {
      keys.push(key);
    }
  }
  return keys;
}

/** What a plan says about each object, as text to compare. */
function meanings(plan: NodePlan | undefined): Map<string, { key: ObjectKey; meaning: string }> {
  const found = new Map<string, { key: ObjectKey; meaning: string }>();
  const add = (key: ObjectKey, text: string): void => {
    const known = found.get(keyText(key));
    found.set(keyText(key), { key, meaning: `${known?.meaning ?? ''}${text};` });
  };
  const lists = { ScstDevice: 'devices', ScstTarget: 'targets', ScstSession: 'sessions', ScstLun: 'luns' } as const;
  for (const [kind, list] of Object.entries(lists) as [ObjectKey['kind'], 'devices'][]) {
    for (const { name, uid, generation } of plan?.spec[list] ?? []) {
      add({ kind, name }, `${uid}@${generation}`);
    }
  }
  for (const { kind, name, reason, message } of plan?.findings ?? []) {
    add({ kind, name }, `${reason}: ${message}`);
  }
  return found;
}

// What the caches say, made ready for decisions: feeds the planner, follows the agents, names the keys of each change.
import { isDeepStrictEqual } from 'node:util';
import type { ClusterNode, Change as PlannerChange } from '../plan/objects.js';
import type { Planner } from '../plan/planner.js';
import { objectsConcerned } from '../plan/references.js';
import type { NodeView } from '../rollup/release.js';
import type { LeaseObject } from '../kube/lease.js';
import type { Change } from '../kube/reflector.js';
import { Agents } from './agents.js';
import { LEADER_LEASE, keyOf, type NodeObject, type ScstNodeObject, type UserKind, type UserObject } from './kinds.js';

/** What of a cache is read here. */
export interface Cache<T> {
  get(name: string): T | undefined;
  list(): readonly T[];
}

export interface Caches {
  readonly nodes: Cache<NodeObject>;
  readonly scstNodes: Cache<ScstNodeObject>;
  readonly objects: Readonly<Record<UserKind, Cache<UserObject>>>;
}

export interface ClusterStateOptions {
  readonly planner: Planner;
  readonly caches: Caches;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly enqueue: (key: string) => void;
}

export class ClusterState {
  readonly planner: Planner;
  readonly caches: Caches;
  private readonly agents: Agents;
  private readonly pending = new Map<string, PlannerChange>();
  /** By node: the ScstNode as the answer to the last write of this process told it. */
  private readonly written = new Map<string, { uid: string; generation: number }>();
  /** Nodes whose ScstNode is being written, or whose write came to an unknown end. */
  private readonly writing = new Set<string>();
  private view: readonly NodeView[] | undefined;

  constructor(private readonly options: ClusterStateOptions) {
    this.planner = options.planner;
    this.caches = options.caches;
    this.agents = new Agents(options.now);
  }

  userObjectChanged(kind: UserKind, { type, object }: Change<UserObject>): void {
    const { name } = object.metadata;
    this.feed({ kind, name, ...(type === 'Deleted' ? {} : { object }) });
    this.options.enqueue(keyOf(kind, name));
  }

  /** A Node changes every few seconds; what concerns us is its identity, its labels, and (by `scan`) whether it is Ready. */
  nodeChanged(change: Change<NodeObject>): void {
    const { name } = change.object.metadata;
    this.view = undefined;
    const after = change.type === 'Deleted' ? undefined : clusterNodeOf(change.object);
    if (change.type !== 'Modified' || !isDeepStrictEqual(clusterNodeOf(change.previous), after)) {
      this.feed({ kind: 'Node', name, ...(after === undefined ? {} : { object: after }) });
      this.options.enqueue(keyOf('node', name));
    }
  }

  scstNodeChanged(change: Change<ScstNodeObject>): void {
    const { name } = change.object.metadata;
    this.view = undefined;
    if (change.type === 'Deleted') {
      this.written.delete(name);
    }
    const before = change.type === 'Modified' ? change.previous : change.type === 'Deleted' ? change.object : undefined;
    this.enqueueConcerned(before, change.type === 'Deleted' ? undefined : change.object);
    this.options.enqueue(keyOf('node', name));
  }

  leaseChanged({ type, object }: Change<LeaseObject>): void {
    const { name } = object.metadata;
    if (name === LEADER_LEASE) {
      return;
    }
    if (type === 'Deleted') {
      this.agents.forgetLease(name);
    } else {
      this.agents.observeLease(object);
    }
    if (type !== 'Modified') {
      this.options.enqueue(keyOf('node', name));
    }
  }

  /** To be called every few seconds: time alone makes an agent unknown. */
  scan(): void {
    const names = this.nodeNames();
    this.agents.retain(names);
    for (const name of names) {
      const node = this.caches.nodes.get(name);
      const scstNode = this.caches.scstNodes.get(name);
      if (this.agents.changed(name, this.agents.stateOf(name, node, scstNode))) {
        this.view = undefined;
        this.enqueueConcerned(undefined, scstNode);
        this.enqueueDeleting();
      }
    }
  }

  /** Hands what changed to the planner, all at once, and enqueues what it names. */
  flush(): void {
    if (this.pending.size === 0) {
      return;
    }
    const changes = [...this.pending.values()];
    this.pending.clear();
    const { nodes, objects } = this.planner.update(changes);
    nodes.forEach((name) => this.options.enqueue(keyOf('node', name)));
    objects.forEach(({ kind, name }) => this.options.enqueue(keyOf(kind, name)));
  }

  /** Every key that there is. */
  allKeys(): string[] {
    return [
      ...[...this.nodeNames()].map((name) => keyOf('node', name)),
      ...this.userObjects().map(({ kind, metadata }) => keyOf(kind, metadata.name)),
    ];
  }

  /** One for every Node and every ScstNode that exists. */
  nodeViews(): readonly NodeView[] {
    this.view ??= [...this.nodeNames()].map((name) => {
      const node = this.caches.nodes.get(name);
      const scstNode = this.caches.scstNodes.get(name);
      const written = this.written.get(name);
      return {
        name,
        ...(node === undefined ? {} : { node: clusterNodeOf(node) }),
        ...(scstNode === undefined ? {} : { scstNode }),
        ...(written === undefined ? {} : { writtenGeneration: written.generation }),
        ...(this.writing.has(name) ? { writing: true } : {}),
        agent: this.agents.stateOf(name, node, scstNode),
      };
    });
    return this.view;
  }

  /** A write of a ScstNode begins: until its outcome is known no object may be released that it might bring there. */
  writes(name: string): void {
    this.writing.add(name);
    this.view = undefined;
  }

  /** Remembers the answer to a write of a ScstNode. */
  wrote({ metadata: { name, uid = '', generation = 0 } }: ScstNodeObject): void {
    this.written.set(name, { uid, generation });
    this.writing.delete(name);
    this.view = undefined;
  }

  /** The API server refused the write. */
  refused(name: string): void {
    this.writing.delete(name);
    this.view = undefined;
  }

  /** What a read of the API server itself told; nothing: the ScstNode is gone. */
  haveRead(name: string, stored: ScstNodeObject | undefined): void {
    if (stored === undefined) {
      this.written.delete(name);
    }
    this.writing.delete(name);
    this.view = undefined;
  }

  /** Whether the cache may lack a write of this process: decisions on it would forget what that wrote. */
  isBehind(name: string): boolean {
    if (this.writing.has(name)) {
      return true;
    }
    const written = this.written.get(name);
    const cached = this.caches.scstNodes.get(name)?.metadata;
    return (
      written !== undefined &&
      (cached === undefined || (cached.uid === written.uid && (cached.generation ?? 0) < written.generation))
    );
  }

  /** Whether an agent was ever there. */
  agentSeen(name: string): boolean {
    const node = this.caches.nodes.get(name);
    return this.agents.stateOf(name, node, this.caches.scstNodes.get(name)).state !== 'NeverSeen';
  }

  /** The highest epoch that any ScstNode or agent knows. */
  highestEpoch(): number {
    return this.caches.scstNodes
      .list()
      .reduce((highest, { spec, status }) => Math.max(highest, spec.epoch, status?.epoch ?? 0), 0);
  }

  private feed(change: PlannerChange): void {
    if (this.pending.size === 0) {
      // After the events that are being delivered: one update of the index for all of them.
      setImmediate(() => this.flush());
    }
    this.pending.set(`${change.kind}/${change.name}`, change);
  }

  private nodeNames(): Set<string> {
    const all = [...this.caches.nodes.list(), ...this.caches.scstNodes.list()];
    return new Set(all.map(({ metadata }) => metadata.name));
  }

  private userObjects(): UserObject[] {
    return Object.values(this.caches.objects).flatMap((cache) => cache.list());
  }

  private enqueueConcerned(before: ScstNodeObject | undefined, after: ScstNodeObject | undefined): void {
    objectsConcerned(before, after).forEach(({ kind, name }) => this.options.enqueue(keyOf(kind, name)));
  }

  private enqueueDeleting(): void {
    this.userObjects()
      .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
      .forEach(({ kind, metadata }) => this.options.enqueue(keyOf(kind, metadata.name)));
  }
}

function clusterNodeOf({ metadata }: NodeObject): ClusterNode {
  const { name, uid = '', labels = {}, creationTimestamp } = metadata;
  return { name, uid, labels, ...(creationTimestamp === undefined ? {} : { creationTimestamp }) };
}

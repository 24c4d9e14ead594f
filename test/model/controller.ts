// A controller process over the in-memory API: caches that lag, a work queue fed as the contract says, writes in flight.
import type { ScstNode, UserKind, UserObject } from '../../crds/types.js';
import { decideNode, type NodeDecision } from '../../operator/plan/decide-node.js';
import type { Change, ClusterNode, ObjectKey } from '../../operator/plan/objects.js';
import { Planner } from '../../operator/plan/planner.js';
import { objectsConcerned } from '../../operator/plan/references.js';
import { decideObject } from '../../operator/rollup/decide-object.js';
import type { AgentHealth, NodeView } from '../../operator/rollup/release.js';
import { KINDS, type Api, type LoggedEvent, type LoggedKind, type WriteResult } from './api.js';
import { SETUP_ID } from './objects.js';

export const GRACE_MS = 300_000;

/** A request that is on its way. `land` executes it at the API server, `answer` tells the process, if it still lives. */
export interface Flight {
  /** Whether it may still arrive after its process died: all but the creation of a ScstNode, which no epoch fences. */
  outlives: boolean;
  land: () => WriteResult;
  answer: (result: WriteResult) => void;
}

export interface Surroundings {
  api: Api;
  now: () => number;
  health: (node: string) => AgentHealth;
  /** Nodes that may still hold what is released now: they are gone, or away for longer than the grace period. */
  excused: () => ReadonlySet<string>;
  /** Called right before a finalizer is removed at the API server, with who was excused when that was decided. */
  onRelease: (object: UserObject, excused: ReadonlySet<string>) => void;
}

export class ControllerProcess {
  readonly queue = new Set<string>();
  readonly flights: { key: string; flight: Flight }[] = [];
  readonly timers = new Map<string, number>();
  /** Set when a newer leader was seen. */
  superseded = false;
  private readonly epoch: number;
  private readonly planner = new Planner(SETUP_ID);
  private readonly positions = new Map<LoggedKind, number>();
  private readonly objects = new Map<string, UserObject>();
  private readonly nodes = new Map<string, ClusterNode>();
  private readonly scstNodes = new Map<string, ScstNode>();
  private readonly written = new Map<string, { uid: string; generation: number }>();
  private readonly removed = new Set<string>();
  /** uids of the ScstNodes that the cache has shown: one that is not in it any more is gone. */
  private readonly seen = new Set<string>();
  private readonly freshReads = new Map<string, ScstNode | undefined>();
  private readonly health = new Map<string, string>();

  constructor(private readonly around: Surroundings) {
    const { api } = around;
    this.epoch = api.leaseTransitions += 1;
    for (const kind of KINDS) {
      this.positions.set(kind, api.log.get(kind)?.length ?? 0);
    }
    for (const [key, object] of api.objects) {
      this.objects.set(key, object);
    }
    for (const [name, node] of api.nodes) {
      this.nodes.set(name, node);
    }
    for (const [name, node] of api.scstNodes) {
      this.scstNodes.set(name, node);
      this.seen.add(node.metadata.uid ?? '');
      this.queue.add(`node/${name}`);
    }
    const objects = [...api.objects.values()].map((object): Change => ({
      kind: object.kind,
      name: object.metadata.name,
      object,
    }));
    const nodes = [...api.nodes.values()].map((object): Change => ({ kind: 'Node', name: object.name, object }));
    this.concerned(this.planner.update([...objects, ...nodes]));
    nodes.forEach(({ name }) => this.queue.add(`node/${name}`));
    this.enqueue(objects as ObjectKey[]);
  }

  /** Lets the cache of one kind see up to `count` more events. */
  deliver(kind: LoggedKind, count: number): void {
    const position = this.positions.get(kind) ?? 0;
    const events = (this.around.api.log.get(kind) ?? []).slice(position, position + count);
    this.positions.set(kind, position + events.length);
    for (const event of events) {
      this.take(event);
    }
  }

  isCaughtUp(): boolean {
    return KINDS.every((kind) => this.positions.get(kind) === this.around.api.log.get(kind)?.length);
  }

  private take({ kind, name, object }: LoggedEvent): void {
    if (kind === 'ScstNode') {
      const before = this.scstNodes.get(name);
      const after = object as ScstNode | undefined;
      set(this.scstNodes, name, after);
      this.seen.add(after?.metadata.uid ?? '');
      this.queue.add(`node/${name}`);
      this.enqueue(objectsConcerned(before, after));
    } else if (kind === 'Node') {
      set(this.nodes, name, object as ClusterNode | undefined);
      this.concerned(this.planner.update([{ kind, name, object: object as ClusterNode | undefined }]));
      this.queue.add(`node/${name}`);
      this.enqueue(this.deleting());
    } else {
      set(this.objects, `${kind}/${name}`, object as UserObject | undefined);
      this.concerned(this.planner.update([{ kind, name, object: object as UserObject | undefined }]));
    }
  }

  /** Leases and timers: what the passing of time enqueues. */
  tick(): void {
    const now = this.around.now();
    for (const name of new Set([...this.nodes.keys(), ...this.scstNodes.keys()])) {
      const { state } = this.around.health(name);
      if (this.health.get(name) !== state) {
        this.health.set(name, state);
        this.enqueue(objectsConcerned(undefined, this.scstNodes.get(name)));
        this.enqueue(this.deleting());
      }
    }
    for (const [key, time] of this.timers) {
      if (time <= now) {
        this.timers.delete(key);
        this.queue.add(key);
      }
    }
  }

  /** Runs one key of the queue. Its write is answered at once, or stays in flight (`slow`). False when there is no key. */
  run(choice: number, slow: boolean): boolean {
    const key = [...this.queue][choice % this.queue.size];
    if (key !== undefined) {
      this.runKey(key, slow);
    }
    return key !== undefined;
  }

  /** Runs a key; while a write of the key is in flight it stays in the queue, because there is one worker for each key. */
  runKey(key: string, slow: boolean): void {
    if (this.flights.some((other) => other.key === key)) {
      return;
    }
    this.queue.delete(key);
    const [kind = '', name = ''] = key.split('/');
    const flights = kind === 'node' ? this.runNode(name) : this.runObject(kind as UserKind, name);
    for (const flight of flights) {
      if (slow) {
        this.flights.push({ key, flight });
      } else {
        flight.answer(flight.land());
      }
    }
  }

  /** Lands the oldest request in flight and takes the answer. */
  land(): boolean {
    const [first] = this.flights.splice(0, 1);
    first?.flight.answer(first.flight.land());
    return first !== undefined;
  }

  /** Keys that still have something to write; none once everything is settled, whatever was enqueued or not. */
  unfinished(): string[] {
    const keys = [...this.objects.keys(), ...[...this.nodes.keys()].map((name) => `node/${name}`)];
    return keys.filter((key) => {
      const [kind = '', name = ''] = key.split('/');
      return (kind === 'node' ? this.runNode(name) : this.runObject(kind as UserKind, name)).length > 0;
    });
  }

  private runNode(name: string): Flight[] {
    const cached = this.scstNodes.get(name);
    const current = this.freshReads.has(name) ? this.freshReads.get(name) : cached;
    this.freshReads.delete(name);
    if (this.isBehind(name, current)) {
      return [];
    }
    const decision = decideNode({
      planner: this.planner,
      name,
      epoch: this.epoch,
      ...(current === undefined ? {} : { current }),
    });
    this.enqueue([...decision.changed, ...decision.awaiting]);
    const land = this.landing(name, decision);
    if (land === undefined) {
      this.superseded ||= decision.action === 'superseded';
      return [];
    }
    const answer = (result: WriteResult): void => {
      if (!result.ok) {
        this.freshReads.set(name, this.around.api.scstNodes.get(name));
        this.queue.add(`node/${name}`);
      } else if (decision.action === 'delete') {
        this.removed.add(result.uid);
      } else {
        this.written.set(name, { uid: result.uid, generation: result.generation });
      }
    };
    return [{ outlives: decision.action !== 'create', land, answer }];
  }

  private landing(name: string, decision: NodeDecision): (() => WriteResult) | undefined {
    const { api } = this.around;
    switch (decision.action) {
      case 'create':
        return () => api.createScstNode(name, decision.spec);
      case 'apply':
        return () => api.applyScstNode(name, decision.uid, decision.resourceVersion, decision.spec);
      case 'delete':
        return () => api.deleteScstNode(name, decision.uid);
      default:
        return undefined;
    }
  }

  /** Whether the cache has yet to show this process's own last write; the event of it enqueues the node again. */
  private isBehind(name: string, current: ScstNode | undefined): boolean {
    const own = this.written.get(name);
    if (current === undefined) {
      return (
        own !== undefined && !this.removed.has(own.uid) && this.around.api.scstNodes.get(name)?.metadata.uid === own.uid
      );
    }
    const { uid = '', generation = 0 } = current.metadata;
    return this.removed.has(uid) || (own?.uid === uid && generation < own.generation);
  }

  private runObject(kind: UserKind, name: string): Flight[] {
    const object = this.objects.get(`${kind}/${name}`);
    if (object === undefined) {
      return [];
    }
    const key = `${kind}/${name}`;
    const { api } = this.around;
    const uid = object.metadata.uid ?? '';
    const decision = decideObject({
      planner: this.planner,
      object,
      nodes: this.views(),
      epoch: this.epoch,
      now: this.around.now(),
      gracePeriodMs: GRACE_MS,
    });
    if (decision.retryAfterMs !== undefined) {
      this.timers.set(key, this.around.now() + decision.retryAfterMs);
    }
    decision.nodes.forEach((node) => this.queue.add(`node/${node}`));
    const flights: Flight[] = [];
    const answer = (): void => undefined;
    if (decision.finalizer === 'add') {
      flights.push({ outlives: true, land: () => api.addFinalizer(kind, name, uid), answer });
    } else if (decision.finalizer === 'remove') {
      const excused = this.around.excused();
      const land = (): WriteResult => {
        this.around.onRelease(object, excused);
        return api.removeFinalizer(kind, name, uid);
      };
      flights.push({ outlives: true, land, answer });
    }
    const { status } = decision;
    if (status !== undefined) {
      flights.push({ outlives: true, land: () => api.setStatus(kind, name, uid, status), answer });
    }
    return flights;
  }

  private views(): NodeView[] {
    return [...new Set([...this.nodes.keys(), ...this.scstNodes.keys()])].map((name) => {
      const [node, scstNode, own] = [this.nodes.get(name), this.scstNodes.get(name), this.written.get(name)];
      return {
        name,
        ...(node === undefined ? {} : { node }),
        ...(scstNode === undefined ? {} : { scstNode }),
        ...(this.flights.some(({ key }) => key === `node/${name}`) ? { writing: true } : {}),
        ...(own !== undefined && (own.uid === scstNode?.metadata.uid || !this.seen.has(own.uid))
          ? { writtenGeneration: own.generation }
          : {}),
        agent: this.around.health(name),
      };
    });
  }

  private deleting(): ObjectKey[] {
    return [...this.objects.values()]
      .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
      .map(({ kind, metadata }) => ({ kind, name: metadata.name }));
  }

  private concerned({ nodes, objects }: { nodes: Set<string>; objects: ObjectKey[] }): void {
    nodes.forEach((name) => this.queue.add(`node/${name}`));
    this.enqueue(objects);
  }

  private enqueue(keys: readonly ObjectKey[]): void {
    keys.forEach(({ kind, name }) => this.queue.add(`${kind}/${name}`));
  }
}

function set<V>(map: Map<string, V>, key: string, value: V | undefined): void {
  if (value === undefined) {
    map.delete(key);
  } else {
    map.set(key, value);
  }
}

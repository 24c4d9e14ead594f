// An API server in memory, as far as the protocol relies on one: generations, finalizers, preconditions, watch logs.
import { API_VERSION, FINALIZER } from '../../crds/names.js';
import type { ScstNode, ScstNodeSpec, ScstNodeStatus, UserKind, UserObject } from '../../crds/types.js';
import type { ClusterNode } from '../../operator/plan/objects.js';
import type { UserStatus } from '../../operator/rollup/status.js';
import { at } from './objects.js';

export type LoggedKind = UserKind | 'Node' | 'ScstNode';
export interface LoggedEvent {
  kind: LoggedKind;
  name: string;
  object?: UserObject | ClusterNode | ScstNode;
}
export const KINDS: readonly LoggedKind[] = ['ScstDevice', 'ScstTarget', 'ScstSession', 'ScstLun', 'Node', 'ScstNode'];

/** What a write came to. `conflict` stands for 404, 409 and 422 alike: nothing was written. */
export type WriteResult = { ok: true; generation: number; uid: string } | { ok: false };
const CONFLICT: WriteResult = { ok: false };

export class Api {
  readonly objects = new Map<string, UserObject>();
  readonly nodes = new Map<string, ClusterNode>();
  readonly scstNodes = new Map<string, ScstNode>();
  /** Every version of every ScstNode, for readers that get an old one. */
  readonly history = new Map<string, ScstNode[]>();
  readonly log = new Map<LoggedKind, LoggedEvent[]>(KINDS.map((kind) => [kind, []]));
  leaseTransitions = 0;
  private counter = 0;

  create(object: UserObject): void {
    const key = `${object.kind}/${object.metadata.name}`;
    if (!this.objects.has(key)) {
      const metadata = { name: object.metadata.name, ...this.fresh(object.kind) };
      this.store({ ...object, metadata, spec: { ...object.spec } } as UserObject);
    }
  }

  edit(kind: UserKind, name: string, spec: object): void {
    const object = this.objects.get(`${kind}/${name}`);
    if (object !== undefined) {
      const metadata = { ...object.metadata, generation: (object.metadata.generation ?? 0) + 1 };
      this.store({ ...object, metadata, spec: { ...object.spec, ...spec } } as UserObject);
    }
  }

  delete(kind: UserKind, name: string): void {
    const object = this.objects.get(`${kind}/${name}`);
    if (object !== undefined && object.metadata.deletionTimestamp === undefined) {
      const generation = (object.metadata.generation ?? 0) + 1;
      this.store({ ...object, metadata: { ...object.metadata, generation, deletionTimestamp: at(0) } });
    }
  }

  /** The API server takes no new finalizer on an object that is being deleted. */
  addFinalizer(kind: UserKind, name: string, uid: string): WriteResult {
    const object = this.objects.get(`${kind}/${name}`);
    if (object?.metadata.uid !== uid || object.metadata.deletionTimestamp !== undefined) {
      return CONFLICT;
    }
    this.store({ ...object, metadata: { ...object.metadata, finalizers: [FINALIZER] } });
    return { ok: true, generation: 0, uid };
  }

  removeFinalizer(kind: UserKind, name: string, uid: string): WriteResult {
    const object = this.objects.get(`${kind}/${name}`);
    if (object?.metadata.uid !== uid) {
      return CONFLICT;
    }
    const { finalizers: _, ...metadata } = object.metadata;
    this.store({ ...object, metadata });
    return { ok: true, generation: 0, uid };
  }

  setStatus(kind: UserKind, name: string, uid: string, status: UserStatus): WriteResult {
    const object = this.objects.get(`${kind}/${name}`);
    if (object?.metadata.uid !== uid) {
      return CONFLICT;
    }
    this.store({ ...object, status });
    return { ok: true, generation: 0, uid };
  }

  putNode(node: Omit<ClusterNode, 'uid'>): void {
    const uid = this.nodes.get(node.name)?.uid ?? `node-${node.name}-${(this.counter += 1)}`;
    this.nodes.set(node.name, { ...node, uid });
    this.append('Node', node.name, this.nodes.get(node.name));
  }

  deleteNode(name: string): void {
    if (this.nodes.delete(name)) {
      this.append('Node', name, undefined);
    }
  }

  createScstNode(name: string, spec: ScstNodeSpec): WriteResult {
    if (this.scstNodes.has(name)) {
      return CONFLICT;
    }
    const metadata = { name, ...this.fresh('ScstNode') };
    this.storeScstNode({ apiVersion: API_VERSION, kind: 'ScstNode', metadata, spec });
    return { ok: true, generation: 1, uid: metadata.uid };
  }

  /** Preconditions on uid and resourceVersion; the CRD's rule on epoch. */
  applyScstNode(name: string, uid: string, resourceVersion: string, spec: ScstNodeSpec): WriteResult {
    const stored = this.scstNodes.get(name);
    if (
      stored?.metadata.uid !== uid ||
      stored.metadata.resourceVersion !== resourceVersion ||
      spec.epoch < stored.spec.epoch
    ) {
      return CONFLICT;
    }
    const generation = (stored.metadata.generation ?? 0) + 1;
    this.storeScstNode({ ...stored, metadata: { ...stored.metadata, generation }, spec });
    return { ok: true, generation, uid };
  }

  deleteScstNode(name: string, uid: string): WriteResult {
    const stored = this.scstNodes.get(name);
    if (stored?.metadata.uid !== uid) {
      return CONFLICT;
    }
    this.scstNodes.delete(name);
    this.append('ScstNode', name, undefined);
    return { ok: true, generation: 0, uid };
  }

  setScstNodeStatus(name: string, uid: string, status: ScstNodeStatus): void {
    const stored = this.scstNodes.get(name);
    if (stored?.metadata.uid === uid) {
      this.storeScstNode({ ...stored, status });
    }
  }

  private fresh(kind: string): { uid: string; generation: number; resourceVersion: string; creationTimestamp: string } {
    this.counter += 1;
    const resourceVersion = String(this.counter);
    return { uid: `${kind}-${resourceVersion}`, generation: 1, resourceVersion, creationTimestamp: at(this.counter) };
  }

  private store(object: UserObject): void {
    const { kind, metadata } = object;
    this.counter += 1;
    if (metadata.deletionTimestamp !== undefined && metadata.finalizers === undefined) {
      this.objects.delete(`${kind}/${metadata.name}`);
      this.append(kind, metadata.name, undefined);
      return;
    }
    const stored = { ...object, metadata: { ...metadata, resourceVersion: String(this.counter) } } as UserObject;
    this.objects.set(`${kind}/${metadata.name}`, stored);
    this.append(kind, metadata.name, stored);
  }

  private storeScstNode(node: ScstNode): void {
    this.counter += 1;
    const stored = { ...node, metadata: { ...node.metadata, resourceVersion: String(this.counter) } };
    this.scstNodes.set(node.metadata.name, stored);
    this.history.set(node.metadata.name, [...(this.history.get(node.metadata.name) ?? []).slice(-4), stored]);
    this.append('ScstNode', node.metadata.name, stored);
  }

  private append(kind: LoggedKind, name: string, object: LoggedEvent['object']): void {
    this.log.get(kind)?.push({ kind, name, ...(object === undefined ? {} : { object }) });
  }
}

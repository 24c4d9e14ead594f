// Executes, key by key, what the pure functions decide.
import { decideNode } from '../plan/decide-node.js';
import { decideObject } from '../rollup/decide-object.js';
import type { UserStatus } from '../rollup/status.js';
import type { Hold } from '../rollup/release.js';
import { ApiError, isApiError } from '../kube/errors.js';
import { TerminalError, type Outcome } from '../kube/work-queue.js';
import type { EventText } from '../kube/events.js';
import type { Condition, ScstNodeSpec } from '../../crds/types.js';
import type { ClusterState } from './cluster-state.js';
import { keyOf, parseKey, type ScstNodeObject, type UserKind, type UserObject } from './kinds.js';
import { Pace } from './pace.js';

/** The Node that a ScstNode is for. */
export interface NodeOwner {
  readonly name: string;
  readonly uid: string;
}

/** The writes; each resolves with the answer, after the cache has it. They throw ApiError. */
export interface Writes {
  createNode(name: string, owner: NodeOwner, spec: ScstNodeSpec): Promise<ScstNodeObject>;
  /** Refused with Conflict unless `live` is still what is stored. */
  applyNode(live: ScstNodeObject, spec: ScstNodeSpec): Promise<ScstNodeObject>;
  deleteNode(live: ScstNodeObject): Promise<void>;
  /** From the API server itself; undefined when there is none. */
  readNode(name: string): Promise<ScstNodeObject | undefined>;
  setFinalizer(kind: UserKind, live: UserObject, present: boolean): Promise<UserObject>;
  setStatus(kind: UserKind, live: UserObject, status: object): Promise<UserObject>;
}

export interface ReconcilerOptions {
  readonly state: ClusterState;
  readonly writes: Writes;
  readonly epoch: number;
  /** Milliseconds since 1970, monotonic. */
  readonly now: () => number;
  readonly gracePeriodMilliseconds: number;
  readonly enqueue: (key: string) => void;
  readonly report: (object: UserObject, event: EventText) => void;
}

/** The cache lacks our own write: look again, in case the watch never brings it. */
const BEHIND_MS = 1_000;
const ATTEMPTS_ON_CONFLICT = 3;

export class Reconciler {
  private readonly nodePace: Pace;
  private readonly statusPace: Pace;
  /** For statuses that only tell how far things are: most of the time the outcome comes before they are worth a write. */
  private readonly progressPace: Pace;
  /** By key: uid of the object whose finalizer was removed. The answer to that doesn't show in the cache; the end does. */
  private readonly released = new Map<string, string | undefined>();

  constructor(private readonly options: ReconcilerOptions) {
    const pace = (burst: number, refillMilliseconds: number, spacingMilliseconds: number) =>
      new Pace({ burst, refillMilliseconds, spacingMilliseconds }, options.now);
    this.nodePace = pace(6, 1_000, 100);
    this.statusPace = pace(4, 3_000, 100);
    this.progressPace = pace(1, 1_000, 1_000);
  }

  async reconcile(key: string): Promise<Outcome | void> {
    this.options.state.flush();
    const { kind, name } = parseKey(key);
    return kind === 'node' ? this.reconcileNode(name) : this.reconcileObject(kind, name);
  }

  private async reconcileNode(name: string): Promise<Outcome | void> {
    const { state } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      if (state.isBehind(name)) {
        if ((await this.refreshNode(name)) !== undefined && state.isBehind(name)) {
          return { requeueAfterMilliseconds: BEHIND_MS };
        }
      }
      try {
        return await this.decideNode(name);
      } catch (error) {
        if (!isApiError(error, 'Conflict', 'AlreadyExists', 'NotFound') || attempt === ATTEMPTS_ON_CONFLICT) {
          throw error;
        }
        // An agent's status write came between, which is common: decide again on what is stored.
        await this.refreshNode(name);
      }
    }
  }

  private async refreshNode(name: string): Promise<ScstNodeObject | undefined> {
    const stored = await this.options.writes.readNode(name);
    this.options.state.haveRead(name, stored);
    return stored;
  }

  private async decideNode(name: string): Promise<Outcome | void> {
    const { state, writes, epoch, enqueue } = this.options;
    const current = state.caches.scstNodes.get(name);
    const decision = decideNode({ planner: state.planner, name, epoch, ...(current === undefined ? {} : { current }) });
    [...decision.changed, ...decision.awaiting].forEach((object) => enqueue(keyOf(object.kind, object.name)));
    const wait = this.nodePace.wait(name);
    switch (decision.action) {
      case 'none':
        return;
      case 'superseded':
        throw new TerminalError(`ScstNode ${name} carries a higher epoch than ${epoch}: somebody else leads`);
      case 'create':
        if (isEmpty(decision.spec) && !state.agentSeen(name)) {
          // Neither is anything wanted of this node nor is anybody there to be told so.
          return;
        }
        await this.writeNode(name, () => writes.createNode(name, decision.owner, decision.spec));
        return;
      case 'apply':
        if (wait > 0) {
          return { requeueAfterMilliseconds: wait };
        }
        if (current !== undefined) {
          await this.writeNode(name, () => writes.applyNode(current, decision.spec));
        }
        return;
      case 'delete':
        if (current !== undefined) {
          await writes.deleteNode(current);
        }
        this.nodePace.forget(name);
    }
  }

  private async writeNode(name: string, write: () => Promise<ScstNodeObject>): Promise<void> {
    const { state } = this.options;
    state.writes(name);
    try {
      const answer = await write();
      this.nodePace.wrote(name);
      state.wrote(answer);
    } catch (error) {
      // Refused: nothing was written. Without an answer it may have been, or still be: the next look asks the API server.
      if (error instanceof ApiError && error.code >= 400 && error.code < 500) {
        state.refused(name);
      }
      throw error;
    }
  }

  private async reconcileObject(kind: UserKind, name: string): Promise<Outcome | void> {
    const { state, writes, epoch, now, gracePeriodMilliseconds, enqueue } = this.options;
    const key = keyOf(kind, name);
    let object = state.caches.objects[kind].get(name);
    if (object === undefined) {
      this.statusPace.forget(key);
      this.progressPace.forget(key);
      this.released.delete(key);
      return;
    }
    if (this.released.has(key) && this.released.get(key) === object.metadata.uid) {
      return;
    }
    const decision = decideObject({
      planner: state.planner,
      object,
      nodes: state.nodeViews(),
      epoch,
      now: now(),
      gracePeriodMs: gracePeriodMilliseconds,
    });
    decision.nodes.forEach((node) => enqueue(keyOf('node', node)));
    if (decision.finalizer !== 'keep') {
      object = await writes.setFinalizer(kind, object, decision.finalizer === 'add');
      if (decision.finalizer === 'remove') {
        this.released.set(key, object.metadata.uid);
        return;
      }
    }
    this.reportWaiting(object, decision.waitingFor);
    if (decision.status !== undefined) {
      const wait = this.statusWait(key, decision.status);
      if (wait > 0) {
        return { requeueAfterMilliseconds: wait };
      }
      const written = await writes.setStatus(kind, object, decision.status);
      this.statusPace.wrote(key);
      this.progressPace.wrote(key);
      this.reportReady(object, written);
    }
    return decision.retryAfterMs === undefined ? undefined : { requeueAfterMilliseconds: decision.retryAfterMs };
  }

  private statusWait(key: string, status: UserStatus): number {
    if (!isUnderWay(status)) {
      return this.statusPace.wait(key);
    }
    if (!this.progressPace.knows(key)) {
      this.progressPace.wrote(key);
    }
    return Math.max(this.statusPace.wait(key), this.progressPace.wait(key));
  }

  private reportWaiting(object: UserObject, waitingFor: readonly Hold[]): void {
    for (const { node, reason, message } of waitingFor) {
      const note = `node ${node}: ${message}`;
      this.options.report(object, { type: 'Normal', reason, action: 'Detach', note });
    }
  }

  private reportReady(before: UserObject, after: UserObject): void {
    const was = readyOf(before);
    const is = readyOf(after);
    if (is !== undefined && (was?.status !== is.status || was.reason !== is.reason)) {
      const type = is.status === 'False' ? 'Warning' : 'Normal';
      this.options.report(after, { type, reason: is.reason, action: 'Reconcile', note: is.message });
    }
  }
}

function isEmpty({ devices, targets, sessions, luns }: ScstNodeSpec): boolean {
  return [devices, targets, sessions, luns].every(({ length }) => length === 0);
}

function isUnderWay({ conditions }: UserStatus): boolean {
  return conditions?.some(({ type, status }) => type === 'Progressing' && status === 'True') ?? false;
}

function readyOf({ status }: UserObject): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready');
}

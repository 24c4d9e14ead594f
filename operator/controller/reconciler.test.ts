// What a reconciliation does about conflicts, stale caches and writes that would be too many.
import type { ScstNode, ScstNodeSpec, UserObject } from '../../crds/types.js';
import { FINALIZER } from '../../crds/names.js';
import { Planner } from '../plan/planner.js';
import { ApiError } from '../kube/errors.js';
import { TerminalError } from '../kube/work-queue.js';
import { ClusterState } from './cluster-state.js';
import type { NodeObject } from './kinds.js';
import { Reconciler, type Writes } from './reconciler.js';

const EPOCH = 3;
const CREATED = '2026-01-01T00:00:00Z';

/** The objects as stored; the caches see them at once unless `lagging`. */
class World implements Writes {
  readonly stored = new Map<string, ScstNode>();
  readonly cached = new Map<string, ScstNode>();
  readonly objects = new Map<string, UserObject>();
  readonly calls: string[] = [];
  lagging = false;
  /** Thrown by the next write of a ScstNode. */
  refusal: ApiError | undefined;
  private version = 0;

  createNode(name: string, _owner: object, spec: ScstNodeSpec): Promise<ScstNode> {
    this.calls.push(`create ${name}`);
    return this.store({
      apiVersion: 'scst.dev/v1alpha1',
      kind: 'ScstNode',
      metadata: { name, uid: `scst-${name}` },
      spec,
    });
  }

  applyNode(live: ScstNode, spec: ScstNodeSpec): Promise<ScstNode> {
    this.calls.push(`apply ${live.metadata.name}`);
    const { refusal } = this;
    this.refusal = undefined;
    return refusal === undefined ? this.store({ ...live, spec }) : Promise.reject(refusal);
  }

  deleteNode({ metadata: { name } }: ScstNode): Promise<void> {
    this.calls.push(`delete ${name}`);
    this.stored.delete(name);
    this.cached.delete(name);
    return Promise.resolve();
  }

  readNode(name: string): Promise<ScstNode | undefined> {
    this.calls.push(`read ${name}`);
    const stored = this.stored.get(name);
    if (stored !== undefined && this.cached.has(name)) {
      this.cached.set(name, stored);
    }
    return Promise.resolve(stored);
  }

  setFinalizer(_kind: string, live: UserObject, present: boolean): Promise<UserObject> {
    this.calls.push(`${present ? 'add' : 'remove'} finalizer ${live.metadata.name}`);
    const object = { ...live, metadata: { ...live.metadata, finalizers: present ? [FINALIZER] : [] } } as UserObject;
    if (present) {
      this.change(object);
    }
    return Promise.resolve(object);
  }

  setStatus(_kind: string, live: UserObject, status: object): Promise<UserObject> {
    this.calls.push(`status ${live.metadata.name}`);
    const object = { ...live, status } as UserObject;
    this.objects.set(live.metadata.name, object);
    return Promise.resolve(object);
  }

  change(object: UserObject): void {
    const { name } = object.metadata;
    this.objects.set(name, object);
    state.userObjectChanged('ScstTarget', { type: 'Added', object });
  }

  private store(node: ScstNode): Promise<ScstNode> {
    this.version += 1;
    const metadata = { ...node.metadata, generation: this.version, resourceVersion: String(this.version) };
    const next = { ...node, metadata };
    this.stored.set(node.metadata.name, next);
    if (!this.lagging) {
      this.cached.set(node.metadata.name, next);
    }
    return Promise.resolve(next);
  }
}

const node: NodeObject = { metadata: { name: 'n', uid: 'uid-n', labels: {}, creationTimestamp: CREATED } };
let world: World;
let state: ClusterState;
let reconciler: Reconciler;
let keys: string[];
let time: number;

beforeEach(() => {
  world = new World();
  keys = [];
  time = 0;
  const none = { get: () => undefined, list: () => [] };
  const list = <T>(map: Map<string, T>) => ({ get: (name: string) => map.get(name), list: () => [...map.values()] });
  state = new ClusterState({
    planner: new Planner('setup'),
    caches: {
      nodes: { get: (name) => (name === 'n' ? node : undefined), list: () => [node] },
      scstNodes: list(world.cached),
      objects: { ScstDevice: none, ScstSession: none, ScstLun: none, ScstTarget: list(world.objects) },
    },
    now: () => 0,
    enqueue: (key) => keys.push(key),
  });
  state.nodeChanged({ type: 'Added', object: node });
  reconciler = new Reconciler({
    state,
    writes: world,
    epoch: EPOCH,
    now: () => time,
    gracePeriodMilliseconds: 300_000,
    enqueue: (key) => keys.push(key),
    report: () => undefined,
  });
});

function target(more: Partial<UserObject['metadata']> = {}): UserObject {
  const metadata = { name: 't', uid: 'uid-t', generation: 1, creationTimestamp: CREATED, ...more };
  return { apiVersion: 'scst.dev/v1alpha1', kind: 'ScstTarget', metadata, spec: { nodeName: 'n' } };
}

describe('a node', () => {
  it('that nothing is wanted of and that has no agent gets no ScstNode', async () => {
    await reconciler.reconcile('node/n');
    expect(world.calls).toEqual([]);
  });

  it('that has an agent gets one, even if empty', async () => {
    state.leaseChanged({ type: 'Added', object: { metadata: { name: 'n', resourceVersion: '1' } } });
    await reconciler.reconcile('node/n');
    expect(world.calls).toEqual(['create n']);
  });

  it('gets an entry only after the finalizer, which it asks for', async () => {
    world.change(target());
    await reconciler.reconcile('node/n');
    expect(world.calls).toEqual([]);
    expect(keys).toContain('ScstTarget/t');
    await reconciler.reconcile('ScstTarget/t');
    await reconciler.reconcile('node/n');
    expect(world.calls.filter((call) => !call.startsWith('status'))).toEqual(['add finalizer t', 'create n']);
    expect(world.stored.get('n')?.spec).toMatchObject({ epoch: EPOCH, targets: [{ name: 't' }] });
  });

  it('is decided about again on what is stored when an agent wrote in between', async () => {
    world.change(target({ finalizers: [FINALIZER] }));
    await reconciler.reconcile('node/n');
    world.change({ ...target({ finalizers: [FINALIZER], generation: 2 }) });
    world.refusal = new ApiError('Conflict', 409, 'changed');
    await expect(settled()).resolves.toBeUndefined();
    expect(world.calls).toEqual(['create n', 'apply n', 'read n', 'apply n']);
    expect(world.stored.get('n')?.spec.targets).toMatchObject([{ generation: 2 }]);
  });

  it('is not decided about while the cache lacks the last write', async () => {
    world.change(target({ finalizers: [FINALIZER] }));
    world.lagging = true;
    await reconciler.reconcile('node/n');
    expect(await reconciler.reconcile('node/n')).toEqual({ requeueAfterMilliseconds: 1_000 });
    expect(world.calls).toEqual(['create n', 'read n']);
  });

  it('is made anew when the last write turns out to be gone', async () => {
    world.change(target({ finalizers: [FINALIZER] }));
    world.lagging = true;
    await reconciler.reconcile('node/n');
    world.stored.clear();
    await reconciler.reconcile('node/n');
    expect(world.calls).toEqual(['create n', 'read n', 'create n']);
  });

  it('that carries a higher epoch is left alone', async () => {
    world.change(target({ finalizers: [FINALIZER] }));
    await reconciler.reconcile('node/n');
    const stored = world.stored.get('n') as ScstNode;
    world.cached.set('n', { ...stored, spec: { ...stored.spec, epoch: EPOCH + 1 } });
    await expect(reconciler.reconcile('node/n')).rejects.toThrow(TerminalError);
    expect(world.calls).toEqual(['create n']);
  });

  it('is written no more often than the pace allows, and then at once', async () => {
    world.change(target({ finalizers: [FINALIZER] }));
    await reconciler.reconcile('node/n');
    world.change(target({ finalizers: [FINALIZER], generation: 2 }));
    const outcome = await reconciler.reconcile('node/n');
    expect(outcome?.requeueAfterMilliseconds).toBeGreaterThan(0);
    expect(world.calls).toEqual(['create n']);
  });
});

/** Reconciles the node until it doesn't ask for more time. */
async function settled(): Promise<void> {
  for (;;) {
    const wait = (await reconciler.reconcile('node/n'))?.requeueAfterMilliseconds;
    if (wait === undefined) {
      return;
    }
    time += wait;
  }
}

describe('an object', () => {
  it('that is gone costs nothing', async () => {
    await reconciler.reconcile('ScstTarget/t');
    expect(world.calls).toEqual([]);
  });

  it('has its finalizer removed once, though the cache still shows it', async () => {
    world.change(target({ finalizers: [FINALIZER], deletionTimestamp: CREATED }));
    await reconciler.reconcile('ScstTarget/t');
    await reconciler.reconcile('ScstTarget/t');
    expect(world.calls).toEqual(['remove finalizer t']);
  });

  it('is not released while a write that may bring it to a node is on its way, or came to an unknown end', async () => {
    state.leaseChanged({ type: 'Added', object: { metadata: { name: 'n', resourceVersion: '1' } } });
    world.change(target({ finalizers: [FINALIZER] }));
    await reconciler.reconcile('node/n');
    world.change(target({ finalizers: [FINALIZER], generation: 2 }));
    time += 1_000;
    world.refusal = new ApiError('Unreachable', 0, 'cut');
    const writing = reconciler.reconcile('node/n');
    // Neither cache nor API server show an entry of it; the write that is on its way may bring one.
    const stored = world.stored.get('n') as ScstNode;
    const emptied = { ...stored, spec: { ...stored.spec, targets: [] }, status: { observedGeneration: 1 } };
    world.stored.set('n', emptied);
    world.cached.set('n', emptied);
    world.change(target({ finalizers: [FINALIZER], deletionTimestamp: CREATED }));
    await reconciler.reconcile('ScstTarget/t');
    await expect(writing).rejects.toThrow('cut');
    await reconciler.reconcile('ScstTarget/t');
    expect(world.calls.filter((call) => call.startsWith('remove'))).toEqual([]);
    await settled();
    await reconciler.reconcile('ScstTarget/t');
    expect(world.calls.filter((call) => call.startsWith('remove'))).toEqual(['remove finalizer t']);
  });

  it('with a status that only tells progress waits for the outcome', async () => {
    state.leaseChanged({ type: 'Added', object: { metadata: { name: 'n', resourceVersion: '1' } } });
    world.change(target({ finalizers: [FINALIZER] }));
    await reconciler.reconcile('node/n');
    state.scstNodeChanged({ type: 'Added', object: world.cached.get('n') as ScstNode });
    const outcome = await reconciler.reconcile('ScstTarget/t');
    expect(outcome?.requeueAfterMilliseconds).toBeGreaterThan(500);
    expect(world.calls).toEqual(['create n']);
  });
});

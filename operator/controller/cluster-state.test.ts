// Which change enqueues which key, and what the decisions are given.
import type { ScstNode, UserKind, UserObject } from '../../crds/types.js';
import { Planner } from '../plan/planner.js';
import type { Change } from '../kube/reflector.js';
import { ClusterState, type Cache } from './cluster-state.js';
import type { NodeObject } from './kinds.js';

class MapCache<T extends { metadata: { name: string } }> implements Cache<T> {
  private readonly objects = new Map<string, T>();

  get(name: string): T | undefined {
    return this.objects.get(name);
  }

  list(): readonly T[] {
    return [...this.objects.values()];
  }

  /** As a reflector would: the cache first, then the event. */
  put(object: T): Change<T> {
    const previous = this.objects.get(object.metadata.name);
    this.objects.set(object.metadata.name, object);
    return previous === undefined ? { type: 'Added', object } : { type: 'Modified', object, previous };
  }

  remove(name: string): Change<T> {
    const object = this.objects.get(name);
    this.objects.delete(name);
    if (object === undefined) {
      throw new Error(`there is no ${name}`);
    }
    return { type: 'Deleted', object };
  }
}

let keys: Set<string>;
let time: number;
let nodes: MapCache<NodeObject>;
let scstNodes: MapCache<ScstNode>;
let objects: Record<UserKind, MapCache<UserObject>>;
let state: ClusterState;

beforeEach(() => {
  keys = new Set();
  time = 0;
  nodes = new MapCache();
  scstNodes = new MapCache();
  objects = {
    ScstDevice: new MapCache(),
    ScstTarget: new MapCache(),
    ScstSession: new MapCache(),
    ScstLun: new MapCache(),
  };
  state = new ClusterState({
    planner: new Planner('setup'),
    caches: { nodes, scstNodes, objects },
    now: () => time,
    enqueue: (key) => keys.add(key),
  });
});

/** The keys that were enqueued since the last call. */
function enqueued(): string[] {
  state.flush();
  const all = [...keys].sort();
  keys.clear();
  return all;
}

function node(name: string, labels: Record<string, string> = {}, ready = 'True'): NodeObject {
  const conditions = [{ type: 'Ready', status: ready }];
  return { metadata: { name, uid: `uid-${name}`, labels }, status: { conditions } };
}

function target(name: string, nodeName: string): UserObject {
  const metadata = { name, uid: `uid-${name}`, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'scst.dev/v1alpha1', kind: 'ScstTarget', metadata, spec: { nodeName } };
}

function scstNode(name: string, generation = 1, epoch = 1): ScstNode {
  const lists = { devices: [], targets: [], sessions: [], luns: [], tombstones: [] };
  return {
    apiVersion: 'scst.dev/v1alpha1',
    kind: 'ScstNode',
    metadata: { name, uid: `uid-scst-${name}`, generation },
    spec: { nodeUID: `uid-${name}`, epoch, setupId: 'setup', ...lists },
  };
}

describe('a change', () => {
  it('of a target concerns itself and the nodes that it names', () => {
    state.nodeChanged(nodes.put(node('a')));
    enqueued();
    state.userObjectChanged('ScstTarget', objects.ScstTarget.put(target('t', 'a')));
    expect(enqueued()).toEqual(['ScstTarget/t', 'node/a']);
  });

  it('of a Node concerns us when its labels or its identity change, or when it goes, and else not', () => {
    state.nodeChanged(nodes.put(node('a', { x: '1' })));
    expect(enqueued()).toEqual(['node/a']);
    state.nodeChanged(nodes.put(node('a', { x: '1' }, 'False')));
    expect(enqueued()).toEqual([]);
    state.nodeChanged(nodes.put(node('a', { x: '2' })));
    expect(enqueued()).toEqual(['node/a']);
    state.nodeChanged(nodes.remove('a'));
    expect(enqueued()).toEqual(['node/a']);
    expect(state.planner.index.nodes.size).toBe(0);
  });

  it('of a ScstNode concerns its node, and what it holds', () => {
    const before = scstNode('a');
    before.spec.targets.push({
      name: 't',
      uid: 'uid-t',
      generation: 1,
      scstName: 't',
      scsiTransportVersion: 0,
      physTransportVersion: 0,
      relTgtId: 1,
    });
    state.scstNodeChanged(scstNodes.put(before));
    expect(enqueued()).toEqual(['ScstTarget/t', 'node/a']);
    state.scstNodeChanged(scstNodes.remove('a'));
    expect(enqueued()).toEqual(['ScstTarget/t', 'node/a']);
  });

  it('of a Lease concerns its node when it comes or goes, not when it is renewed', () => {
    const lease = (resourceVersion: string) => ({ metadata: { name: 'a', resourceVersion }, spec: {} });
    state.leaseChanged({ type: 'Added', object: lease('1') });
    expect(enqueued()).toEqual(['node/a']);
    state.leaseChanged({ type: 'Modified', object: lease('2'), previous: lease('1') });
    expect(enqueued()).toEqual([]);
    state.leaseChanged({ type: 'Deleted', object: lease('2') });
    expect(enqueued()).toEqual(['node/a']);
  });

  it('of the Lease of the leader concerns no node', () => {
    state.leaseChanged({ type: 'Added', object: { metadata: { name: 'scst-operator' } } });
    expect(enqueued()).toEqual([]);
  });
});

describe('time', () => {
  it('enqueues what is being deleted when an agent falls silent', () => {
    state.nodeChanged(nodes.put(node('a')));
    state.leaseChanged({
      type: 'Added',
      object: { metadata: { name: 'a', resourceVersion: '1' }, spec: { leaseDurationSeconds: 40 } },
    });
    const deleted = target('t', 'a');
    deleted.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    state.userObjectChanged('ScstTarget', objects.ScstTarget.put(deleted));
    state.scan();
    enqueued();
    time = 39_000;
    state.scan();
    expect(enqueued()).toEqual([]);
    time = 41_000;
    state.scan();
    expect(enqueued()).toEqual(['ScstTarget/t']);
    expect(state.nodeViews()).toMatchObject([{ name: 'a', agent: { state: 'Unknown', since: 40_000 } }]);
  });
});

describe('a node view', () => {
  it('exists for each Node and each ScstNode', () => {
    state.nodeChanged(nodes.put(node('both')));
    state.nodeChanged(nodes.put(node('node-only')));
    state.scstNodeChanged(scstNodes.put(scstNode('both')));
    state.scstNodeChanged(scstNodes.put(scstNode('scst-only')));
    const views = state
      .nodeViews()
      .map(({ name, node: has, scstNode: hasToo }) => [name, has?.uid, hasToo?.metadata.uid]);
    expect(views).toEqual([
      ['both', 'uid-both', 'uid-scst-both'],
      ['node-only', 'uid-node-only', undefined],
      ['scst-only', undefined, 'uid-scst-scst-only'],
    ]);
  });

  it('tells the generation that this process wrote last', () => {
    state.scstNodeChanged(scstNodes.put(scstNode('a', 1)));
    expect(state.nodeViews()[0]?.writtenGeneration).toBeUndefined();
    state.wrote(scstNode('a', 2));
    expect(state.nodeViews()[0]?.writtenGeneration).toBe(2);
  });
});

describe('a write of a ScstNode', () => {
  it('is on its way until its answer, its refusal, or a read of the API server itself', () => {
    const writing = () => [state.nodeViews()[0]?.writing ?? false, state.isBehind('a')];
    state.scstNodeChanged(scstNodes.put(scstNode('a', 1)));
    for (const end of [
      () => state.wrote(scstNode('a', 1)),
      () => state.refused('a'),
      () => state.haveRead('a', scstNode('a', 1)),
    ]) {
      expect(writing()).toEqual([false, false]);
      state.writes('a');
      expect(writing()).toEqual([true, true]);
      end();
    }
    expect(writing()).toEqual([false, false]);
  });
});

describe('the cache', () => {
  it('is behind between a write of this process and the event of it', () => {
    state.scstNodeChanged(scstNodes.put(scstNode('a', 1)));
    expect(state.isBehind('a')).toBe(false);
    state.wrote(scstNode('a', 2));
    expect(state.isBehind('a')).toBe(true);
    state.scstNodeChanged(scstNodes.put(scstNode('a', 2)));
    expect(state.isBehind('a')).toBe(false);
  });

  it('is behind after a creation, until the ScstNode comes or turns out to be gone', () => {
    state.wrote(scstNode('a', 1));
    expect(state.isBehind('a')).toBe(true);
    state.haveRead('a', undefined);
    expect(state.isBehind('a')).toBe(false);
    state.wrote(scstNode('a', 1));
    state.scstNodeChanged(scstNodes.put(scstNode('a', 1)));
    state.scstNodeChanged(scstNodes.remove('a'));
    expect(state.isBehind('a')).toBe(false);
  });

  it('tells the highest epoch that anybody knows', () => {
    expect(state.highestEpoch()).toBe(0);
    scstNodes.put(scstNode('a', 1, 3));
    scstNodes.put({ ...scstNode('b', 1, 2), status: { epoch: 7 } });
    expect(state.highestEpoch()).toBe(7);
  });
});

// decideNode: finalizer before entry, one leader, one Node, nothing that is there already.
import { API_VERSION } from '../../crds/names.js';
import type { ScstNode, ScstNodeSpec, Tombstone, UserObject } from '../../crds/types.js';
import { device, lun, node, put, quickstart, SETUP_ID, session, target } from '../../test/model/objects.js';
import { decideNode } from './decide-node.js';
import { MAX_OPEN_TOMBSTONES } from './limits.js';
import type { ClusterNode } from './objects.js';
import { Planner } from './planner.js';

const n1 = node('n1');

function planner(objects: UserObject[], nodes: ClusterNode[] = [n1]): Planner {
  const made = new Planner(SETUP_ID);
  made.update([...objects, ...nodes].map(put));
  return made;
}

function stored(spec: ScstNodeSpec): ScstNode {
  const metadata = { name: 'n1', uid: 'scstnode', generation: 3, resourceVersion: '42' };
  return { apiVersion: API_VERSION, kind: 'ScstNode', metadata, spec };
}

function created(objects: UserObject[]): ScstNode {
  const decision = decideNode({ planner: planner(objects), name: 'n1', epoch: 2 });
  if (decision.action !== 'create') {
    throw new Error(`not created but ${decision.action}`);
  }
  return stored(decision.spec);
}

test('a Node without a ScstNode gets one, owned by the Node', () => {
  expect(decideNode({ planner: planner(quickstart()), name: 'n1', epoch: 2 })).toMatchObject({
    action: 'create',
    owner: { name: 'n1', uid: n1.uid },
    spec: { nodeUID: n1.uid, epoch: 2, setupId: SETUP_ID, luns: [{ name: 'disk' }], tombstones: [] },
    awaiting: [],
  });
});

test('a ScstNode that says all that already is left alone', () => {
  const current = created(quickstart());
  expect(decideNode({ planner: planner(quickstart()), name: 'n1', epoch: 2, current })).toMatchObject({
    action: 'none',
  });
});

test('a change is applied to exactly the version that it was decided on', () => {
  const current = created(quickstart());
  const [, ...rest] = quickstart();
  const edited = device('disk', { vdiskFileio: { filename: '/var/lib/scst/b' } }, { generation: 2 });
  expect(decideNode({ planner: planner([edited, ...rest]), name: 'n1', epoch: 2, current })).toMatchObject({
    action: 'apply',
    uid: 'scstnode',
    resourceVersion: '42',
    spec: { devices: [{ generation: 2, vdiskFileio: { filename: '/var/lib/scst/b' } }] },
  });
});

test('a new leader writes its epoch even when nothing else differs, and a former one stops', () => {
  const current = created(quickstart());
  const decide = (epoch: number) => decideNode({ planner: planner(quickstart()), name: 'n1', epoch, current });
  expect(decide(3)).toMatchObject({ action: 'apply', spec: { epoch: 3 } });
  expect(decide(1)).toMatchObject({ action: 'superseded', epoch: 2 });
});

test('nothing is written for an object without finalizer, nor what refers to it', () => {
  const [, ...rest] = quickstart();
  const bare = device('disk', {}, { finalizer: false });
  expect(decideNode({ planner: planner([bare, ...rest]), name: 'n1', epoch: 2 })).toMatchObject({
    spec: { devices: [], targets: [{ name: 'tgt' }], sessions: [{ name: 'host' }], luns: [] },
    awaiting: [{ kind: 'ScstDevice', name: 'disk' }],
  });
});

test('a finalizer that somebody takes off by hand takes no disk away', () => {
  const current = created(quickstart());
  const [, ...rest] = quickstart();
  const bare = device('disk', {}, { finalizer: false });
  expect(decideNode({ planner: planner([bare, ...rest]), name: 'n1', epoch: 2, current })).toMatchObject({
    action: 'none',
    awaiting: [{ kind: 'ScstDevice', name: 'disk' }],
  });
});

test('an edit that can not be served takes no disk away', () => {
  const current = created(quickstart());
  const [, ...rest] = quickstart();
  const refused = device('disk', { sharing: 'Shared' }, { generation: 2 });
  expect(decideNode({ planner: planner([refused, ...rest]), name: 'n1', epoch: 2, current })).toMatchObject({
    action: 'none',
  });
});

test('operator-06: the ScstNode of a Node that is gone, or of another one of the same name, is deleted', () => {
  const current = created(quickstart());
  expect(decideNode({ planner: planner([], []), name: 'n1', epoch: 2, current })).toMatchObject({
    action: 'delete',
    uid: 'scstnode',
  });
  const other = { ...n1, uid: 'another' };
  expect(decideNode({ planner: planner([], [other]), name: 'n1', epoch: 2, current })).toMatchObject({
    action: 'delete',
  });
  expect(decideNode({ planner: planner([], []), name: 'n1', epoch: 2 })).toMatchObject({ action: 'none' });
});

test('a node that owes too many answers gets nothing new, and keeps what it has', () => {
  const current = created(quickstart());
  current.spec.tombstones = Array.from({ length: MAX_OPEN_TOMBSTONES }, (_, number): Tombstone => {
    return {
      kind: 'ScstLun',
      name: `l${number}`,
      uid: `u${number}`,
      reason: 'Deleted',
      reclaim: 'Retain',
      force: false,
    };
  });
  const more = [...quickstart(), session('second', { target: 'tgt' }), target('t2', { nodeName: 'n1' })];
  const decision = decideNode({ planner: planner(more), name: 'n1', epoch: 3, current });
  expect(decision).toMatchObject({
    action: 'apply',
    spec: { targets: [{ name: 'tgt' }], sessions: [{ name: 'host' }], luns: [{ name: 'disk' }] },
  });
});

test('objects whose meaning for the node changed are named once', () => {
  const one = planner(quickstart());
  const first = decideNode({ planner: one, name: 'n1', epoch: 2 });
  expect(first.changed).toHaveLength(4);
  const current = created(quickstart());
  expect(decideNode({ planner: one, name: 'n1', epoch: 2, current }).changed).toEqual([]);
  one.update([put(lun('more', { target: 'tgt', lun: 1, device: 'disk' }))]);
  expect(decideNode({ planner: one, name: 'n1', epoch: 2, current }).changed).toEqual([
    { kind: 'ScstLun', name: 'more' },
  ]);
});

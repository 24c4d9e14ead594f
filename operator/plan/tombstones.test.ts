// Tombstones: what leaves a node leaves by one, until the node has answered.
import { API_VERSION } from '../../crds/names.js';
import type { ScstNode, ScstNodeStatus, Tombstone, UserObject } from '../../crds/types.js';
import { device, lun, node, quickstart, session, SETUP_ID, target } from '../../test/model/objects.js';
import { buildIndex } from './object-index.js';
import { planNode } from './plan-node.js';
import { nextTombstones } from './tombstones.js';

const n1 = node('n1');

function scstNode(objects: UserObject[], tombstones: Tombstone[] = [], status?: ScstNodeStatus): ScstNode {
  const { spec } = planNode(buildIndex(objects, [n1]), 'n1', { setupId: SETUP_ID });
  return {
    apiVersion: API_VERSION,
    kind: 'ScstNode',
    metadata: { name: 'n1', uid: 'scstnode', generation: 7 },
    spec: { ...spec, nodeUID: n1.uid, epoch: 1, tombstones },
    ...(status === undefined ? {} : { status }),
  };
}

/** The tombstones after `before` became `after`. */
function buried(before: UserObject[], after: UserObject[]): Tombstone[] {
  const index = buildIndex(after, [n1]);
  return nextTombstones(index, scstNode(before), planNode(index, 'n1', { setupId: SETUP_ID }).spec);
}

const stone: Tombstone = {
  kind: 'ScstLun',
  name: 'disk',
  uid: 'lun-disk',
  reason: 'Deleted',
  reclaim: 'Retain',
  force: false,
};

test('nothing that stays gets one', () => {
  expect(buried(quickstart(), quickstart())).toEqual([]);
});

test('a deleted device carries its reclaimPolicy, and its LUN only lost its place', () => {
  const gone = device('disk', { reclaimPolicy: 'Delete' }, { deleting: true });
  expect(buried(quickstart(), [gone, ...quickstart().slice(1)])).toEqual([
    { kind: 'ScstDevice', name: 'disk', uid: 'device-disk', reason: 'Deleted', reclaim: 'Delete', force: false },
    { kind: 'ScstLun', name: 'disk', uid: 'lun-disk', reason: 'Unplaced', reclaim: 'Retain', force: false },
  ]);
});

test('a device that only lost its place keeps its file whatever its reclaimPolicy says', () => {
  const kept = device('disk', { reclaimPolicy: 'Delete' });
  const [first] = buried(quickstart(), [kept, ...quickstart().slice(1, 3)]);
  expect(first).toMatchObject({ kind: 'ScstDevice', reason: 'Unplaced', reclaim: 'Retain' });
});

test('operator-09: what is gone without a release is never forced and loses no file', () => {
  const forced = quickstart().map((object) =>
    object.kind === 'ScstLun'
      ? lun('disk', { ...object.spec, deletionPolicy: 'Force' })
      : object.kind === 'ScstDevice'
        ? device('disk', { reclaimPolicy: 'Delete' })
        : object,
  );
  const stones = buried(forced, []);
  expect(stones).toHaveLength(4);
  for (const each of stones) {
    expect(each).toMatchObject({ reason: 'Vanished', reclaim: 'Retain', force: false });
  }
});

test('an object of the same name that was created anew is another one', () => {
  const [, ...rest] = quickstart();
  expect(buried(quickstart(), [device('disk', {}, { uid: 'device-new' }), ...rest])).toEqual([
    { kind: 'ScstDevice', name: 'disk', uid: 'device-disk', reason: 'Vanished', reclaim: 'Retain', force: false },
  ]);
});

test('Force of a LUN or session is its own; Force of a deleted target is that of all that it takes with it', () => {
  const ownForce = [
    ...quickstart().slice(0, 3),
    lun('disk', { target: 'tgt', lun: 0, device: 'disk', deletionPolicy: 'Force' }, { deleting: true }),
  ];
  expect(buried(quickstart(), ownForce)).toContainEqual({ ...stone, force: true });
  const targetForce = [
    device('disk'),
    target('tgt', { nodeName: 'n1', deletionPolicy: 'Force' }, { deleting: true }),
    session('host', { target: 'tgt' }),
    lun('disk', { target: 'tgt', lun: 0, device: 'disk' }),
  ];
  const forced = buried(quickstart(), targetForce).map(({ kind, force }) => [kind, force]);
  expect(forced).toEqual([
    ['ScstDevice', false],
    ['ScstTarget', true],
    ['ScstSession', true],
    ['ScstLun', true],
  ]);
});

describe('an open tombstone', () => {
  const empty = planNode(buildIndex([], [n1]), 'n1', { setupId: SETUP_ID }).spec;
  const entry = { uid: 'lun-disk', session: 'session-host', generation: 1, state: 'Terminating' as const };

  test.each([
    ['without a report', undefined, 1],
    ['while the node follows an older spec', { observedGeneration: 6 }, 1],
    ['while the node still holds it', { observedGeneration: 7, luns: [entry] }, 1],
    ['when the node follows the spec and no longer lists it', { observedGeneration: 7, luns: [] }, 0],
  ])('%s', (_when, status, left) => {
    expect(nextTombstones(buildIndex([], []), scstNode([], [stone], status), empty)).toHaveLength(left);
  });

  test('of a session stays while a LUN of the session is listed', () => {
    const session1: Tombstone = { ...stone, kind: 'ScstSession', name: 'host', uid: 'session-host' };
    const status = { observedGeneration: 7, luns: [entry], sessions: [] };
    expect(nextTombstones(buildIndex([], []), scstNode([], [session1], status), empty)).toEqual([session1]);
  });

  test('goes when its object is placed again', () => {
    const index = buildIndex(quickstart(), [n1]);
    const { spec } = planNode(index, 'n1', { setupId: SETUP_ID });
    expect(nextTombstones(index, scstNode([], [stone]), spec)).toEqual([]);
  });

  test('follows a change to Force while the device is busy', () => {
    const busy = lun('disk', { target: 'tgt', lun: 0, device: 'disk', deletionPolicy: 'Force' }, { deleting: true });
    expect(nextTombstones(buildIndex([busy], []), scstNode([], [stone]), empty)).toEqual([{ ...stone, force: true }]);
  });

  test('stays as it was when its object is gone after the grace period', () => {
    const forced = { ...stone, force: true };
    expect(nextTombstones(buildIndex([], []), scstNode([], [forced]), empty)).toEqual([forced]);
  });
});

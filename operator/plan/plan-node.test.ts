// planNode: what a node gets, what it doesn't get and why.
import type { ScstTarget, UserObject } from '../../crds/types.js';
import { device, lun, node, quickstart, session, SETUP_ID, target } from '../../test/model/objects.js';
import { MAX_PAIRS } from './limits.js';
import { buildIndex } from './object-index.js';
import type { ClusterNode, Finding } from './objects.js';
import { objectFindings } from './placement.js';
import { planNode, type NodePlan } from './plan-node.js';

const n1 = node('n1', { zone: 'a' });

function plan(objects: UserObject[], nodes: ClusterNode[] = [n1], name = 'n1'): NodePlan {
  return planNode(buildIndex(objects, nodes), name, { setupId: SETUP_ID });
}

function names(list: readonly { name: string }[]): string[] {
  return list.map(({ name }) => name);
}

/** `kind/name reason`, of everything that is known to be wrong. */
function problems(objects: UserObject[], nodes: ClusterNode[] = [n1]): string[] {
  const index = buildIndex(objects, nodes);
  const local = nodes.flatMap(({ name }) => planNode(index, name, { setupId: SETUP_ID }).findings);
  const general = objects.flatMap((object) => objectFindings(index, object));
  return [...general, ...local].map(({ kind, name, node: on, reason }: Finding) =>
    [`${kind}/${name}`, reason, ...(on === undefined ? [] : [on])].join(' '),
  );
}

describe('the quick start', () => {
  test('is one device, target, session and LUN on its node, with every default filled in', () => {
    const { spec, findings } = plan(quickstart());
    expect(findings).toEqual([]);
    expect(spec).toMatchObject({
      setupId: SETUP_ID,
      devices: [
        {
          name: 'disk',
          uid: 'device-disk',
          generation: 1,
          scstName: 'disk',
          handler: 'vdiskFileio',
          engine: 'tcmu',
          sharing: 'PerNode',
          reclaimPolicy: 'Retain',
          vdiskFileio: {
            filename: '/var/lib/scst/disk.img',
            size: 1048576,
            blocksize: 512,
            readOnly: false,
            writeThrough: false,
            nvCache: false,
            removable: false,
            rotational: true,
            thinProvisioned: false,
            active: true,
          },
        },
      ],
      targets: [{ uid: 'target-tgt', scsiTransportVersion: 0x0be0, physTransportVersion: 0 }],
      sessions: [{ uid: 'session-host', target: 'target-tgt', force: false }],
      luns: [{ uid: 'lun-disk', target: 'target-tgt', device: 'device-disk', lun: 0, readOnly: false, force: false }],
    });
  });

  test('is on no other node', () => {
    expect(plan(quickstart(), [n1, node('n2')], 'n2').spec).toEqual({
      setupId: SETUP_ID,
      devices: [],
      targets: [],
      sessions: [],
      luns: [],
    });
  });

  test('a size that is left out stays left out', () => {
    const { spec } = plan([device('disk', { vdiskFileio: { filename: '/var/lib/scst/a' } }), ...quickstart().slice(1)]);
    expect(spec.devices[0]?.vdiskFileio).not.toHaveProperty('size');
  });
});

describe('references are late-bound', () => {
  test.each([
    ['target', 'tgt', ['ScstDevice/disk NotExposed', 'ScstSession/host TargetNotFound', 'ScstLun/disk TargetNotFound']],
    ['device', 'disk', ['ScstLun/disk DeviceNotFound']],
    ['session', 'host', ['ScstLun/disk NoSession']],
    ['lun', 'disk', ['ScstDevice/disk NotExposed']],
  ])('without its %s the rest says so', (kind, name, expected) => {
    const uid = `${kind}-${name}`;
    expect(problems(quickstart().filter((object) => object.metadata.uid !== uid))).toEqual(expected);
  });

  test('an object that is being deleted counts as gone', () => {
    const objects = [device('disk', {}, { deleting: true }), ...quickstart().slice(1)];
    expect(plan(objects).spec.luns).toEqual([]);
    expect(plan(objects).spec.devices).toEqual([]);
    expect(problems(objects)).toEqual(['ScstLun/disk DeviceNotFound']);
  });

  test('operator-11: a node that does not exist, and a selector that matches none, are named', () => {
    expect(problems([target('a', { nodeName: 'nowhere' })])).toEqual(['ScstTarget/a NodeNotFound']);
    expect(problems([target('a', { nodeSelector: { matchLabels: { zone: 'b' } } })])).toEqual([
      'ScstTarget/a NoNodeMatches',
    ]);
    expect(problems([target('a', { nodeName: 'n1' }), session('s', { target: 'a', nodeName: 'n9' })])).toEqual([
      'ScstSession/s NoNodeMatches',
    ]);
  });
});

describe('placement', () => {
  test.each([
    [{ matchLabels: { zone: 'a' } }, true],
    [{ matchLabels: { zone: 'b' } }, false],
    [{ matchLabels: {} }, false],
    [{ matchExpressions: [{ key: 'zone', operator: 'In' as const, values: ['a', 'b'] }] }, true],
    [{ matchExpressions: [{ key: 'zone', operator: 'NotIn' as const, values: ['a'] }] }, false],
    [{ matchExpressions: [{ key: 'none', operator: 'NotIn' as const, values: ['a'] }] }, true],
    [{ matchExpressions: [{ key: 'zone', operator: 'Exists' as const }] }, true],
    [{ matchExpressions: [{ key: 'zone', operator: 'DoesNotExist' as const }] }, false],
    [{ matchLabels: { zone: 'a' }, matchExpressions: [{ key: 'x', operator: 'Exists' as const }] }, false],
  ])('selector %j matches a node of zone a: %s', (nodeSelector, matches) => {
    expect(names(plan([target('a', { nodeSelector })]).spec.targets)).toEqual(matches ? ['a'] : []);
  });

  test('a session may be on one node of its target only', () => {
    const nodes = [n1, node('n2', { zone: 'a' })];
    const objects = [
      target('a', { nodeSelector: { matchLabels: { zone: 'a' } } }),
      session('everywhere', { target: 'a' }),
      session('second', { target: 'a', nodeName: 'n2' }),
    ];
    expect(names(plan(objects, nodes, 'n1').spec.sessions)).toEqual(['everywhere']);
    expect(names(plan(objects, nodes, 'n2').spec.sessions)).toEqual(['everywhere', 'second']);
  });

  test('an Exclusive device is on one node, the one that has been there longest, and says so for the others', () => {
    const nodes = [node('n1', { zone: 'a' }, 5), node('n2', { zone: 'a' }, 1)];
    const objects = [
      device('disk', { sharing: 'Exclusive' }),
      target('tgt', { nodeSelector: { matchLabels: { zone: 'a' } } }),
      ...quickstart().slice(2),
    ];
    expect(names(plan(objects, nodes, 'n1').spec.luns)).toEqual([]);
    expect(names(plan(objects, nodes, 'n2').spec.luns)).toEqual(['disk']);
    expect(problems(objects, nodes)).toEqual([
      'ScstDevice/disk ExclusivePlacement n1',
      'ScstLun/disk DeviceRefused n1',
    ]);
  });
});

describe('what is not served is refused with a reason', () => {
  test.each([
    [{ vdiskFileio: undefined, vcdrom: {} }, 'HandlerNotAvailable'],
    [{ vdiskFileio: undefined, vdiskNullio: {}, engine: 'kernel' as const }, 'AttributeNotSupported'],
    [{ vdiskFileio: undefined, vdiskNullio: {}, reclaimPolicy: 'Delete' as const }, 'AttributeNotSupported'],
    [{ vdiskFileio: undefined, vdiskBlockio: { filename: '/dev/sdb', nvCache: true } }, 'AttributeNotSupported'],
    [{ vdiskFileio: undefined, vdiskBlockio: { filename: '/dev/sdb', size: '1Gi' } }, 'AttributeNotSupported'],
    [{ vdiskFileio: undefined, passThrough: { device: '0:0:0:0' } }, 'HandlerNotAvailable'],
    [{ sharing: 'Shared' as const }, 'AttributeNotSupported'],
    [{ vdiskFileio: { filename: '/a', size: 1000 } }, 'SizeNotMultiple'],
    [{ vdiskFileio: { filename: '/a', size: '6k', blocksize: 4096 as const } }, 'SizeNotMultiple'],
    [{ vdiskFileio: { filename: '/a', size: 0 } }, 'InvalidSize'],
    [{ vdiskFileio: { filename: '/a', size: '1GB' } }, 'InvalidSize'],
    [{ vdiskFileio: { filename: '/a', size: '4Ei' } }, 'InvalidSize'],
  ])('%j is %s', (spec, reason) => {
    const { vdiskFileio, ...rest } = { ...device('disk').spec, ...spec };
    const refused = device('disk');
    refused.spec = vdiskFileio === undefined ? rest : { ...rest, vdiskFileio };
    const objects = [refused, ...quickstart().slice(1)];
    expect(plan(objects).spec.devices).toEqual([]);
    expect(plan(objects).spec.luns).toEqual([]);
    expect(problems(objects)).toEqual([`ScstDevice/disk ${reason}`, 'ScstLun/disk DeviceRefused n1']);
  });

  test('an edit that is refused leaves the device as it was', () => {
    const before = plan(quickstart()).spec.devices;
    const edited = device('disk', { sharing: 'Shared' }, { generation: 2 });
    const after = planNode(buildIndex([edited, ...quickstart().slice(1)], [n1]), 'n1', {
      setupId: SETUP_ID,
      kept: { devices: new Map(before.map((entry) => [entry.uid, entry])), sessions: new Map(), luns: new Map() },
    });
    expect(after.spec.devices).toEqual(before);
    expect(names(after.spec.luns)).toEqual(['disk']);
    expect(after.refused).toEqual(['device-disk']);
  });
});

describe('groups of a target', () => {
  const tgt = (...groups: { name: string; sessions?: string[] }[]) => target('tgt', { nodeName: 'n1', groups });
  const objects = (groups: ScstTarget) => [
    groups,
    ...['disk', 'other'].map((name) => device(name)),
    ...['host1', 'guest'].map((name) => session(name, { target: 'tgt' })),
    lun('open', { target: 'tgt', lun: 0, device: 'disk' }),
    lun('closed', { target: 'tgt', lun: 0, device: 'other', group: 'hosts' }),
  ];
  const groupsOf = ({ spec }: NodePlan) => spec.sessions.map(({ name, group }) => [name, group]);

  test('give each session its LUN set, and a LUN number to each of them', () => {
    const planned = plan(objects(tgt({ name: 'hosts', sessions: ['HOST?'] })));
    expect(groupsOf(planned)).toEqual([
      ['guest', undefined],
      ['host1', 'hosts'],
    ]);
    expect(planned.spec.luns.map(({ name, group, lun: number }) => [name, group, number])).toEqual([
      ['closed', 'hosts', 0],
      ['open', undefined, 0],
    ]);
    expect(problems(objects(tgt({ name: 'hosts', sessions: ['host*'] })))).toEqual([]);
  });

  test('that both match a session are a conflict: it isn’t there, or stays in the group that it has', () => {
    const conflict = tgt({ name: 'hosts', sessions: ['host*'] }, { name: 'one', sessions: ['host1'] });
    expect(groupsOf(plan(objects(conflict)))).toEqual([['guest', undefined]]);
    expect(problems(objects(conflict))).toEqual(['ScstLun/closed NoSession', 'ScstSession/host1 GroupConflict n1']);
    const before = plan(objects(tgt({ name: 'hosts', sessions: ['host*'] }))).spec.sessions;
    const options = {
      setupId: SETUP_ID,
      kept: { devices: new Map(), sessions: new Map(before.map((entry) => [entry.uid, entry])), luns: new Map() },
    };
    const planned = (edited: ScstTarget) => planNode(buildIndex(objects(edited), [n1]), 'n1', options);
    expect(planned(conflict).spec.sessions).toEqual(before);
    expect(planned(conflict).refused).toEqual(['session-host1']);
    const withoutIts = tgt({ name: 'one', sessions: ['host1'] }, { name: 'two', sessions: ['host1'] });
    expect(groupsOf(planned(withoutIts))).toEqual([['guest', undefined]]);
  });

  test('that a LUN names and that aren’t there are told, and nobody sees the LUN', () => {
    expect(names(plan(objects(tgt())).spec.luns)).toEqual(['open']);
    expect(problems(objects(tgt()))).toEqual(['ScstDevice/other NotExposed', 'ScstLun/closed GroupNotFound']);
  });
});

it('a session whose TransportID is none keeps that which it had', () => {
  const edited = (transportId: string) =>
    quickstart().map((object) =>
      object.kind === 'ScstSession' ? session('host', { target: 'tgt', transportId }, { generation: 2 }) : object,
    );
  const before = plan(edited('sas:5000c500a1b2c3d4')).spec.sessions;
  const objects = edited('03'.padEnd(48, '0'));
  const kept = { devices: new Map(), sessions: new Map(before.map((entry) => [entry.uid, entry])), luns: new Map() };
  const after = planNode(buildIndex(objects, [n1]), 'n1', { setupId: SETUP_ID, kept });
  expect(after.spec.sessions).toEqual(before);
  expect(after.refused).toEqual(['session-host']);
  expect(names(after.spec.luns)).toEqual(['disk']);
  expect(plan(objects).spec.sessions).toEqual([]);
  expect(problems(objects)).toContain('ScstSession/host InvalidTransportId n1');
});

describe('a device that no LUN exposes any more', () => {
  const planned = (policy: 'Delete' | 'Retain', present: string[]) =>
    planNode(buildIndex([device('disk', { reclaimPolicy: policy })], [n1]), 'n1', {
      setupId: SETUP_ID,
      present: new Set(present),
    }).spec.devices;

  test('stays where its file is until it is deleted, if its file goes with it', () => {
    expect(names(planned('Delete', ['device-disk']))).toEqual(['disk']);
  });

  test('isn’t brought to a node that doesn’t have it, and leaves when its file stays anyway', () => {
    expect(planned('Delete', [])).toEqual([]);
    expect(planned('Retain', ['device-disk'])).toEqual([]);
  });
});

describe('of two objects in conflict the older keeps working', () => {
  const base = [
    target('tgt', { nodeName: 'n1' }),
    session('host', { target: 'tgt' }),
    device('a', {}, { created: 1 }),
    device('b', {}, { created: 2 }),
  ];

  test('a LUN number', () => {
    const objects = [
      ...base,
      lun('young', { target: 'tgt', lun: 3, device: 'a' }, { created: 5 }),
      lun('old', { target: 'tgt', lun: 3, device: 'b' }, { created: 4 }),
    ];
    expect(names(plan(objects).spec.luns)).toEqual(['old']);
    expect(problems(objects)).toEqual(['ScstLun/young LunConflict']);
  });

  test('with the same age the name decides', () => {
    const objects = [
      ...base,
      lun('y', { target: 'tgt', lun: 3, device: 'a' }),
      lun('x', { target: 'tgt', lun: 3, device: 'b' }),
    ];
    expect(names(plan(objects).spec.luns)).toEqual(['x']);
  });

  test('scstName of a device, on one node', () => {
    const objects = [
      base[0],
      base[1],
      device('a', { scstName: 'same' }, { created: 2 }),
      device('b', { scstName: 'same' }, { created: 1 }),
      lun('a', { target: 'tgt', lun: 0, device: 'a' }),
      lun('b', { target: 'tgt', lun: 1, device: 'b' }),
    ].filter((object) => object !== undefined);
    expect(names(plan(objects).spec.devices)).toEqual(['b']);
    expect(problems(objects)).toEqual(['ScstDevice/a NameConflict n1', 'ScstLun/a DeviceRefused n1']);
  });

  test('an identity that two devices were given', () => {
    const identity = { serial: '4711' };
    const objects = [
      ...base.slice(0, 2),
      device('a', { identity }, { created: 1 }),
      device('b', { identity }, { created: 2 }),
      lun('a', { target: 'tgt', lun: 0, device: 'a' }),
      lun('b', { target: 'tgt', lun: 1, device: 'b' }),
    ];
    expect(names(plan(objects).spec.devices)).toEqual(['a']);
    expect(problems(objects)).toEqual(['ScstDevice/b IdentityConflict n1', 'ScstLun/b DeviceRefused n1']);
  });

  test('scstName and relTgtId of a target', () => {
    const objects = [
      target('a', { nodeName: 'n1', scstName: 'same' }, { created: 1 }),
      target('b', { nodeName: 'n1', scstName: 'same' }, { created: 2 }),
      target('c', { nodeName: 'n1', relTgtId: 7 }, { created: 3 }),
      target('d', { nodeName: 'n1', relTgtId: 7 }, { created: 4 }),
    ];
    expect(names(plan(objects).spec.targets)).toEqual(['a', 'c']);
    expect(problems(objects)).toEqual(['ScstTarget/b NameConflict n1', 'ScstTarget/d RelTgtIdConflict n1']);
  });

  test('scstName and TransportID of a session, in one target', () => {
    const transportId = `06${'0'.repeat(46)}`;
    const objects = [
      target('tgt', { nodeName: 'n1' }),
      target('other', { nodeName: 'n1' }),
      session('a', { target: 'tgt', scstName: 'same' }, { created: 1 }),
      session('b', { target: 'tgt', scstName: 'same' }, { created: 2 }),
      session('c', { target: 'tgt', transportId }, { created: 3 }),
      session('d', { target: 'tgt', transportId }, { created: 4 }),
      session('e', { target: 'other', scstName: 'same', transportId }, { created: 5 }),
    ];
    expect(names(plan(objects).spec.sessions)).toEqual(['a', 'c', 'e']);
    expect(problems(objects)).toEqual(['ScstSession/b NameConflict n1', 'ScstSession/d TransportIdConflict n1']);
  });
});

describe('a full node', () => {
  test('takes 512 (session, LUN) pairs; the youngest object is told', () => {
    const luns = Array.from({ length: MAX_PAIRS / 2 }, (_, number) =>
      lun(`l${number}`, { target: 'tgt', lun: number, device: `d${number}` }, { created: 10 + number }),
    );
    const devices = Array.from({ length: MAX_PAIRS / 2 + 1 }, (_, number) => device(`d${number}`));
    const objects = [
      ...devices,
      ...luns,
      target('tgt', { nodeName: 'n1' }),
      session('one', { target: 'tgt' }, { created: 1 }),
      session('two', { target: 'tgt' }, { created: 2 }),
    ];
    expect(plan(objects).findings).toEqual([]);
    const more = lun('more', { target: 'tgt', lun: 1000, device: `d${MAX_PAIRS / 2}` }, { created: 9999 });
    const full = plan([more, ...objects]);
    expect(full.spec.luns).toHaveLength(MAX_PAIRS / 2);
    expect(full.findings).toMatchObject([{ kind: 'ScstLun', name: 'more', node: 'n1', reason: 'NodeFull' }]);
    const third = plan([session('three', { target: 'tgt' }, { created: 9999 }), ...objects]);
    expect(names(third.spec.sessions)).toEqual(['one', 'two']);
    expect(third.findings).toMatchObject([{ kind: 'ScstSession', name: 'three', reason: 'NodeFull' }]);
  });

  test('stays below what etcd takes, however long the paths are', () => {
    const objects: UserObject[] = [target('tgt', { nodeName: 'n1' }), session('one', { target: 'tgt' })];
    for (let number = 0; number < 400; number += 1) {
      const filename = `/var/lib/scst/${'x'.repeat(4000)}${number}`;
      objects.push(device(`d${number}`, { vdiskFileio: { filename } }));
      objects.push(lun(`l${number}`, { target: 'tgt', lun: number, device: `d${number}` }, { created: number }));
    }
    const { spec, findings } = plan(objects);
    expect(JSON.stringify(spec).length).toBeLessThan(800 * 1024);
    expect(spec.luns.length + findings.length).toBe(400);
    expect(new Set(findings.map(({ reason }) => reason))).toEqual(new Set(['NodeFull']));
    expect(spec.luns.length).toBeGreaterThan(100);
  });
});

test('targets without relTgtId get different ones, and none that somebody asked for', () => {
  const many = Array.from({ length: 400 }, (_, number) => target(`t${number}`, { nodeName: 'n1' }));
  const taken = plan(many).spec.targets[0]?.relTgtId ?? 0;
  const { targets } = plan([...many, target('explicit', { nodeName: 'n1', relTgtId: taken }, { created: 99 })]).spec;
  const ids = targets.map(({ relTgtId }) => relTgtId);
  expect(new Set(ids).size).toBe(401);
  expect(targets.find(({ name }) => name === 'explicit')?.relTgtId).toBe(taken);
  expect(Math.min(...ids)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...ids)).toBeLessThanOrEqual(65_535);
});

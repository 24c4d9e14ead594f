// The forecast of a change: nothing for no change, each step for one, what waits for users, and problems before they are there.
import fc from 'fast-check';
import { change } from '../../test/model/arbitraries.js';
import { device, lun, node, quickstart, session, SETUP_ID, target } from '../../test/model/objects.js';
import type { UserObject } from '../../crds/types.js';
import type { ClusterNode } from '../../operator/plan/objects.js';
import { planNode } from '../../operator/plan/plan-node.js';
import { indexOf, type World } from '../world/world.js';
import { forecast } from './forecast.js';

const NOBODY = new Map<string, string[]>();

/** A cluster whose nodes have what is planned for them. */
function world(objects: UserObject[], places: ClusterNode[] = [node('n1', { zone: 'a' })]): World {
  const empty: World = { kind: 'cluster', where: 'test', nodes: [], objects, places, setupId: SETUP_ID };
  const nodes = places.map(({ name }) => ({
    name,
    spec: { nodeUID: name, epoch: 1, tombstones: [], ...planNode(indexOf(empty), name, { setupId: SETUP_ID }).spec },
  }));
  return { ...empty, nodes };
}

const lines = (now: UserObject[], next: UserObject[], holders: ReadonlyMap<string, string[]> = NOBODY) =>
  forecast({ world: world(now), next, holders }).flatMap(({ node: on, steps }) =>
    steps.map(({ kind, text, blockedBy }) => [on, kind, text, ...(blockedBy ?? [])].join(' | ')),
  );

it('is empty where nothing changes, whatever there is', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
      const last = new Map(changes.map((each) => [`${each.kind}/${each.name}`, each.object]));
      const all = [...last.values()].filter((object) => object !== undefined);
      const objects = all.filter((object): object is UserObject => 'kind' in object);
      const places = all.filter((object): object is ClusterNode => !('kind' in object));
      expect(forecast({ world: world(objects, places), next: objects, holders: NOBODY })).toEqual([]);
    }),
  );
});

it('tells of each thing that appears', () => {
  const more = [
    session('second', { target: 'tgt' }),
    device('new'),
    lun('new', { target: 'tgt', lun: 1, device: 'new' }),
  ];
  expect(lines(quickstart(), [...quickstart(), ...more])).toEqual([
    'n1 | add | session tgt/second: a SCSI host appears',
    'n1 | add | device new: /var/lib/scst/new.img',
    'n1 | add | LUN 1 new of session tgt/host: a SCSI device appears',
    'n1 | add | LUN 0 disk of session tgt/second: a SCSI device appears',
    'n1 | add | LUN 1 new of session tgt/second: a SCSI device appears',
  ]);
});

it('tells of another device behind a LUN, and whether its users are in the way', () => {
  const [session1] = world(quickstart()).nodes[0]?.spec?.sessions ?? [];
  const [lun1] = world(quickstart()).nodes[0]?.spec?.luns ?? [];
  const holders = new Map([[`${session1?.uid}/${lun1?.uid}`, ['mounted at /mnt']]]);
  const now = [...quickstart(), device('new'), lun('keeps', { target: 'tgt', lun: 1, device: 'new' })];
  const next = (spec: object, engine = {}) =>
    now.map((object) => {
      if (object.kind === 'ScstLun' && object.metadata.name === 'disk')
        return { ...object, spec: { ...object.spec, device: 'new', ...spec } };
      return object.kind === 'ScstDevice' && object.metadata.name === 'new'
        ? { ...object, spec: { ...object.spec, ...engine } }
        : object;
    });
  expect(lines(now, next({}), holders)).toEqual([
    'n1 | change | LUN 0 disk of session tgt/host: the device is new from then on; its SCSI device stays, once it isn’t in use | mounted at /mnt',
    'n1 | problem | ScstDevice disk: NotExposed: no ScstLun exposes it',
  ]);
  expect(lines(now, next({ replacement: { sameData: true } }), holders)).toEqual([
    'n1 | change | LUN 0 disk of session tgt/host: the device is new from then on; its SCSI device stays, in use as well',
    'n1 | problem | ScstDevice disk: NotExposed: no ScstLun exposes it',
  ]);
  expect(lines(now, next({ replacement: { sameData: true } }, { engine: 'kernel' }), holders)).toContain(
    'n1 | change | LUN 0 disk of session tgt/host: the device is new from then on; its SCSI device goes and another comes | mounted at /mnt',
  );
});

it('tells what goes, and who is in the way', () => {
  const [session1] = world(quickstart()).nodes[0]?.spec?.sessions ?? [];
  const [lun1] = world(quickstart()).nodes[0]?.spec?.luns ?? [];
  const holders = new Map([[`${session1?.uid}/${lun1?.uid}`, ['mounted at /mnt']]]);
  const withoutLun = quickstart().filter(({ kind }) => kind !== 'ScstLun');
  expect(lines(quickstart(), withoutLun, holders)).toContain(
    'n1 | remove | LUN 0 disk of session tgt/host: its SCSI device goes | mounted at /mnt',
  );
});

it('tells what changes in use, and what only without', () => {
  const others = quickstart().slice(1);
  const changed = device('disk', { engine: 'kernel', identity: { vendor: 'ACME' }, maxCommands: 8 });
  expect(lines(quickstart(), [changed, ...others])).toEqual([
    'n1 | change | device disk: engine tcmu → kernel, once no LUN of it is in use',
    expect.stringMatching(/identity\.naa .*, once no LUN of it is in use$/),
    'n1 | change | device disk: identity.vendor SCST_FIO → ACME, once no LUN of it is in use',
    'n1 | change | device disk: maxCommands 1024 → 8, in use as well',
  ]);
});

it('tells of another port of a target and a session, and what waits where LIO serves the disk', () => {
  const kernel = device('disk', { engine: 'kernel' });
  const now = [kernel, ...quickstart().slice(1)];
  const changed = device('disk', { engine: 'kernel', identity: { vendor: 'ACME' }, maxCommands: 8 });
  expect(lines(now, [changed, ...quickstart().slice(1)])).toEqual([
    'n1 | change | device disk: identity.vendor SCST_FIO → ACME, once no LUN of it is in use',
    'n1 | change | device disk: maxCommands 1024 → 8, in use as well',
  ]);
  const ports = quickstart().map((object) =>
    object.kind === 'ScstSession'
      ? session('host', { target: 'tgt', transportId: 'sas:5000c500a1b2c3d4' })
      : object.kind === 'ScstTarget'
        ? target('tgt', { nodeName: 'n1', scsiTransportVersion: 'iSCSI' })
        : object,
  );
  expect(lines(quickstart(), ports)).toEqual([
    'n1 | change | target tgt: scsiTransportVersion 3040 → 2400, in use as well',
    expect.stringMatching(
      /^n1 \| change \| session tgt\/host: transportId 06\S+ → 060000005000c500a1b2c3d40+, in use as well$/,
    ),
  ]);
});

it('tells of problems that the change would bring, and not of those that are there', () => {
  const conflict = lun('twin', { target: 'tgt', lun: 0, device: 'disk' });
  const lost = lun('lost', { target: 'nowhere', lun: 0, device: 'disk' });
  expect(lines([...quickstart(), lost], [...quickstart(), lost, conflict])).toEqual([
    'n1 | problem | ScstLun twin: LunConflict: LUN 0 of ScstTarget tgt belongs to the older ScstLun disk',
  ]);
});

it('knows the groups of a target', () => {
  const grouped = target('tgt', { nodeName: 'n1', groups: [{ name: 'g', sessions: ['host'] }] });
  const now = quickstart();
  const next = now.map((object) => (object.kind === 'ScstTarget' ? grouped : object));
  expect(lines(now, next)).toEqual([
    'n1 | remove | LUN 0 disk of session tgt/host: its SCSI device goes',
    expect.stringMatching(/problem \| ScstLun disk: NoSession/),
  ]);
});

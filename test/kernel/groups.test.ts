// Access control on a real kernel: each session has the LUNs of its group and no others, also after the groups have changed.
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { object } from './support/manifests.js';

jest.setTimeout(300_000);
const NAMES = ['open', 'closed', 'extra'] as const;
const SESSIONS = ['host1', 'host2', 'guest'] as const;
const devices = NAMES.map((name) =>
  object('ScstDevice', name, `{vdiskFileio: {filename: /var/lib/scst/${name}.img, size: 8Mi}}`),
);

type Group = { name: string; sessions?: string[] };

function manifest(...groups: Group[]): string {
  return [
    ...devices,
    object('ScstTarget', 't', JSON.stringify({ nodeSelector: { matchLabels: { 'scst.dev/test': '' } }, groups })),
    ...SESSIONS.map((name) => object('ScstSession', name, '{target: t}')),
    object('ScstLun', 'open', '{target: t, lun: 0, device: open}'),
    object('ScstLun', 'closed', '{target: t, lun: 0, device: closed, group: hosts}'),
    object('ScstLun', 'extra', '{target: t, lun: 3, device: extra, group: hosts}'),
  ].join('---\n');
}

describe('groups of a target', () => {
  let node: LoneNode;
  /** `session/lunN product`, of every disk that there is. */
  const seen = () =>
    node.sh(
      'cd /dev/scst/t && for l in */lun?; do echo "$l $(sg_inq $l.sg | sed -n "s/.*Product identification: *//p")"; done',
    );
  const sees = (...lines: string[]) =>
    eventually(async () => expect((await seen()).trim().split(/ *\n/).sort()).toEqual(lines.sort()));
  const hosts = { name: 'hosts', sessions: ['HOST*'] };

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'uml' }, { 't.yaml': manifest(hosts) });
    await node.ready('/dev/scst/t/host1/lun0', '/dev/scst/t/host2/lun3', '/dev/scst/t/guest/lun0');
  });
  afterAll(() => node.stop());
  afterEach(async () => {
    expect(await node.ioErrors()).toBe('');
    await node.machine.assertCleanKernel();
  });

  const HOST1 = ['host1/lun0 closed', 'host1/lun3 extra'];
  const HOST2 = ['host2/lun0 closed', 'host2/lun3 extra'];

  it('give their sessions LUNs of their own, and the others those without a group', async () => {
    await sees(...HOST1, ...HOST2, 'guest/lun0 open');
    expect(await node.sh('lsscsi | grep -c SCST_FIO')).toBe('5\n');
  });

  it('conf-06: may have one device at several LUNs of a session, which are one logical unit', async () => {
    const twice = object('ScstLun', 'again', '{target: t, lun: 7, device: open, readOnly: true}');
    await node.apply('again.yaml', twice);
    await sees(...HOST1, ...HOST2, 'guest/lun0 open', 'guest/lun7 open');
    const [first, second] = ['/dev/scst/t/guest/lun0', '/dev/scst/t/guest/lun7'];
    await node.sh(
      `dd if=/dev/urandom of=/tmp/data bs=64k count=1 status=none && dd if=/tmp/data of=${first} oflag=direct bs=64k status=none`,
    );
    await node.sh(`dd if=${second} bs=64k count=1 iflag=direct status=none | cmp - /tmp/data`);
    expect(await node.sh(`blockdev --getro ${first} ${second}`)).toBe('0\n1\n');
    expect(await node.sh(`sg_vpd -q -p di_lu ${first}.sg | md5sum; sg_vpd -q -p di_lu ${second}.sg | md5sum`)).toMatch(
      /^(.*\n)\1$/,
    );
    await node.withdraw('again.yaml');
    await sees(...HOST1, ...HOST2, 'guest/lun0 open');
  });

  it('that change move the sessions that they concern, and touch no other', async () => {
    const untouched = 'readlink /dev/scst/t/host1/lun0 /dev/scst/t/host1/lun3';
    const before = await node.sh(untouched);
    await node.apply('t.yaml', manifest({ name: 'hosts', sessions: ['host1', '!host*'] }));
    await sees(...HOST1, 'guest/lun0 closed', 'guest/lun3 extra', 'host2/lun0 open');
    expect(await node.sh(untouched)).toBe(before);
    await node.apply('t.yaml', manifest(hosts));
    await sees(...HOST1, ...HOST2, 'guest/lun0 open');
    expect(await node.sh(untouched)).toBe(before);
    await node.ready();
  });

  it('that both match a session are a conflict: it keeps what it has, a new one gets nothing', async () => {
    const both = manifest(hosts, { name: 'two', sessions: ['*2', 'late'] }, { name: 'three', sessions: ['late'] });
    await node.apply('late.yaml', object('ScstSession', 'late', '{target: t}'));
    await sees(...HOST1, ...HOST2, 'guest/lun0 open', 'late/lun0 open');
    await node.withdraw('late.yaml');
    await sees(...HOST1, ...HOST2, 'guest/lun0 open');
    await node.apply('t.yaml', both);
    await node.apply('late.yaml', object('ScstSession', 'late', '{target: t}'));
    await eventually(async () => expect(JSON.stringify(await node.status())).toMatch(/"GroupConflict"[^}]*hosts, two/));
    await eventually(async () => expect(JSON.stringify(await node.status())).toMatch(/"GroupConflict"[^}]*two, three/));
    await sees(...HOST1, ...HOST2, 'guest/lun0 open');
    await node.withdraw('late.yaml');
    await node.apply('t.yaml', manifest(hosts));
    await node.ready();
  });

  it('that take a mounted disk away wait for its end, and say what holds it', async () => {
    await node.sh('mkfs.ext4 -q /dev/scst/t/host2/lun3 && mkdir -p /mnt/x && mount /dev/scst/t/host2/lun3 /mnt/x');
    await node.apply('t.yaml', manifest({ name: 'hosts', sessions: ['host1'] }));
    await sees(...HOST1, 'host2/lun0 open', 'host2/lun3 extra', 'guest/lun0 open');
    await eventually(async () => expect(JSON.stringify(await node.status())).toMatch(/"InUse"[^}]*\/mnt\/x/));
    await node.sh('umount /mnt/x');
    await sees(...HOST1, 'host2/lun0 open', 'guest/lun0 open');
    await node.ready();
  });
});

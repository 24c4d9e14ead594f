// Names and numbers of disks on a real kernel: stable over re-creation, one per device, and a LUN number that changes hands.
import { join } from 'node:path';
import { cacheFolder } from '../env/node/index.js';
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath, object } from './support/manifests.js';

jest.setTimeout(300_000);
const A = diskPath('d', 'a');
const B = diskPath('d', 'b');
const SWAPS = 8;
const manifest = (identity = '') =>
  disk('d', { sessions: ['a', 'b'] }).replace('{vdiskFileio:', `{${identity}vdiskFileio:`);

/** Debian's multipath-tools, as `make setup-conformance` fetches them. */
const MULTIPATH = join(cacheFolder(), 'multipath/root');
/** Its checkers are looked for in /lib/multipath only. */
const MULTIPATH_LIBRARIES = `ln -s ${MULTIPATH}/lib/multipath /lib/multipath`;
const multipath = (program: string) =>
  `env LD_LIBRARY_PATH=${MULTIPATH}/lib:${MULTIPATH}/usr/lib/x86_64-linux-gnu ${MULTIPATH}/sbin/${program}`;
const MULTIPATH_CONFIGURATION = 'defaults {\n  find_multipaths yes\n  user_friendly_names no\n}\n';

describe('identities', () => {
  let node: LoneNode;
  const property = async (path: string, name: string) => {
    await node.sh('udevadm settle');
    const said = await node.sh(`udevadm info --query=property --name=$(readlink -f ${path})`);
    return new RegExp(`^${name}=(.*)$`, 'm').exec(said)?.[1];
  };
  /** What udev and the vital product data say of the disk. */
  const identity = async () => ({
    serial: await property(A, 'ID_SERIAL'),
    wwn: await property(A, 'ID_WWN'),
    pages: await node.sh(`sg_vpd -p sn ${A}.sg; sg_vpd -p di_lu -q ${A}.sg`),
  });

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'uml' }, { 'd.yaml': manifest() });
    await node.ready(A, B);
  });
  afterAll(() => node.stop());
  afterEach(async () => {
    expect(await node.ioErrors()).toBe('');
    await node.machine.assertCleanKernel();
  });

  it('disk-14: two paths have one name, from the NAA designator, whatever the product is called', async () => {
    const serial = await property(A, 'ID_SERIAL');
    expect(serial).toMatch(/^3[0-9a-f]{16,32}$/);
    expect(await property(B, 'ID_SERIAL')).toBe(serial);
    await node.apply('d.yaml', manifest('identity: {product: other}, '));
    await eventually(async () => expect(await node.sh(`sg_inq ${A}.sg`)).toMatch(/Product identification: other/));
    await node.sh('udevadm trigger --subsystem-match=block --action=change');
    expect([await property(A, 'ID_SERIAL'), await property(B, 'ID_SERIAL')]).toEqual([serial, serial]);
    await node.apply('d.yaml', manifest());
    await eventually(async () => expect(await node.sh(`sg_inq ${A}.sg`)).toMatch(/Product identification: d\s/));
  });

  it('disk-14: two sessions are two paths of one multipath map, also under another product name', async () => {
    await node.machine.write('/etc/multipath.conf', MULTIPATH_CONFIGURATION);
    await node.sh(`modprobe dm-multipath && modprobe dm-service-time && ${MULTIPATH_LIBRARIES}`);
    const daemon = await node.machine.spawn(`exec ${multipath('multipathd')} -d`);
    const maps = async () => {
      const said = await node.sh(`${multipath('multipath')} -ll 2>&1`);
      return {
        maps: said.match(/^\S+ (\(\S+\) )?dm-\d+/gm),
        paths: said.match(/\d+:0:0:0 +sd\w+ .*active ready/g)?.length,
      };
    };
    const one = { maps: [expect.stringMatching(/^3[0-9a-f]{16,32} dm-\d+$/)], paths: 2 };
    await eventually(async () => expect(await maps()).toEqual(one), 30_000);
    await node.apply('d.yaml', manifest('identity: {product: other}, '));
    await eventually(async () => expect(await node.sh(`sg_inq ${A}.sg`)).toMatch(/Product identification: other/));
    await node.sh(`${multipath('multipathd')} reconfigure`);
    await eventually(async () => expect(await maps()).toEqual(one), 60_000);
    await node.sh(
      'dd if=/dev/urandom of=/tmp/data bs=1M count=4 status=none && dd if=/tmp/data of=$(ls /dev/mapper/3*) bs=1M oflag=direct status=none',
    );
    await node.sh(`dd if=${B} bs=1M count=4 iflag=direct status=none | cmp - /tmp/data`);
    daemon.kill('SIGTERM');
    await daemon.exited;
    await node.sh(`${multipath('multipath')} -F; rm /lib/multipath /etc/multipath.conf`);
    await node.apply('d.yaml', manifest());
    await eventually(async () => expect(await node.sh(`sg_inq ${A}.sg`)).toMatch(/Product identification: d\s/));
  });

  it('disk-13: stay over the objects’ re-creation, a new agent and a reboot', async () => {
    const before = await identity();
    expect(before.wwn).toMatch(/^0x[0-9a-f]{16}$/);
    await node.withdraw('d.yaml');
    await node.nothingLeft();
    await node.apply('d.yaml', manifest());
    await node.ready(A, B);
    expect(await identity()).toEqual(before);
    await node.signal('agent', 'SIGTERM');
    await node.startAgent();
    await node.ready(A, B);
    expect(await identity()).toEqual(before);
    await node.machine.restart();
    await node.apply('d.yaml', manifest());
    await node.startAgent();
    await node.ready(A, B);
    expect(await identity()).toEqual(before);
  });

  it(`disk-15: a LUN number that changes hands ${SWAPS} times always shows the device that has it`, async () => {
    const path = '/dev/scst/d/a/lun5';
    const names = ['one', 'two'] as const;
    const device = (name: string) =>
      object('ScstDevice', name, `{vdiskFileio: {filename: /var/lib/scst/${name}.img, size: 1Mi}}`);
    for (const name of names)
      await node.sh(
        `truncate -s 1M /var/lib/scst/${name}.img; printf ${name} | dd of=/var/lib/scst/${name}.img conv=notrunc status=none`,
      );
    for (let swap = 0; swap < SWAPS; swap += 1) {
      const name = names[swap % 2] ?? 'one';
      const lun = object('ScstLun', `five-${name}`, `{target: d, lun: 5, device: ${name}}`);
      await node.apply('five.yaml', [...names.map(device), lun].join('---\n'));
      await eventually(async () =>
        expect(await node.entry('ScstLun', `five-${name}`)).toMatchObject({ state: 'Ready' }),
      );
      expect(await node.sh(`head -c 3 ${path}`)).toBe(name);
      expect(await node.sh(`sg_inq ${path}.sg | grep Product`)).toMatch(name);
    }
    expect(await node.sh('lsscsi | grep -c SCST')).toBe('4\n');
    await node.withdraw('five.yaml');
    await eventually(async () => expect(await node.sh('lsscsi | grep -c SCST')).toBe('2\n'));
  });

  it('life-11: a disk that something was stacked on stays, says by what it is held, and goes when that is gone', async () => {
    await node.sh(`modprobe dm-mod; dmsetup create vg-data --table "0 2048 linear $(readlink -f ${A}) 0"`);
    await node.withdraw('d.yaml');
    await eventually(async () => {
      const { state, reason, message } = await node.entry('ScstLun', 'd');
      expect({ state, reason }).toEqual({ state: 'Terminating', reason: 'InUse' });
      expect(message).toMatch(/held by dm-0 \(vg-data\)/);
    });
    await node.sh('dmsetup remove vg-data');
    await node.nothingLeft();
  });
});

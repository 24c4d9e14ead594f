// Disks whose medium is a block device of the node, or nothing: real block devices, both engines, and who else may have them.
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { diskPath, object } from './support/manifests.js';
import { scsi } from './support/scsi.js';

jest.setTimeout(300_000);
const MIB = 2 ** 20;

/** Device, target, session and LUN 0, all named `name`. */
function diskOf(name: string, handler: string, options = ''): string {
  return [
    object('ScstDevice', name, `{${handler}${options}}`),
    object('ScstTarget', name, '{nodeSelector: {matchLabels: {scst.dev/test: ""}}}'),
    object('ScstSession', name, `{target: ${name}}`),
    object('ScstLun', name, `{target: ${name}, lun: 0, device: ${name}}`),
  ].join('---\n');
}
const blockio = (name: string, filename: string, more = '', options = ', engine: tcmu') =>
  diskOf(name, `vdiskBlockio: {filename: ${filename}${more}}`, options);

let node: LoneNode;
const linear = (name: string, mib: number) =>
  `echo 0 ${mib * 2048} linear /dev/ram${name === 'own' ? 0 : 1} 0 | dmsetup create ${name} && udevadm settle`;
const device = (name: string) => node.entry('ScstDevice', name);
const said = (name: string) => eventually(async () => expect(await device(name)).toMatchObject({ state: 'Failed' }));
const bytes = (path: string) => node.sh(`blockdev --getsize64 ${path}`).then(Number);

beforeAll(async () => {
  node = await LoneNode.boot({ kernel: 'uml' });
  await node.sh('modprobe brd rd_nr=4 rd_size=65536 && modprobe dm-mod && modprobe loop');
  await node.sh('tr "\\0" x < /dev/zero | head -c 1M > /tmp/data');
  await node.sh(`${linear('own', 16)} && ${linear('lio', 16)}`);
  await node.apply('own.yaml', blockio('own', '/dev/mapper/own'));
  await node.startAgent(['--allow-path', '/var/lib/scst', '--allow-path', '/dev/mapper', '--allow-path', '/dev/loop7']);
  await node.ready(diskPath('own'));
});
afterAll(() => node.stop());
afterEach(() => node.machine.assertCleanKernel());

describe.each([
  ['the own engine serves', 'own', ', engine: tcmu'],
  ['LIO serves', 'lio', ''],
])('a block device that %s', (_, name, options) => {
  const path = diskPath(name);
  beforeAll(async () => {
    await node.apply(`${name}.yaml`, blockio(name, `/dev/mapper/${name}`, '', options));
    await node.ready(path);
  });

  it('is a disk of its size with its data', async () => {
    expect(await bytes(path)).toBe(16 * MIB);
    expect(await node.sh(`sg_inq ${path}.sg`)).toMatch(/SCST_BIO[^]*Product identification: (own|lio)/);
    await node.sh(`dd if=/tmp/data of=${path} bs=64k seek=16 oflag=direct status=none && sync`);
    await node.sh(`dd if=/dev/mapper/${name} bs=64k skip=16 count=16 iflag=direct status=none | cmp - /tmp/data`);
    await node.sh(`dd if=${path} bs=64k skip=16 count=16 iflag=direct status=none | cmp - /tmp/data`);
  });

  it('can be had by nothing else meanwhile', async () => {
    await node.sh(`mkfs.ext4 -q ${path}`);
    expect((await node.machine.run(`mkdir -p /mnt/x && mount /dev/mapper/${name} /mnt/x`)).code).not.toBe(0);
    expect((await node.machine.run(`dmsetup remove ${name}`)).code).not.toBe(0);
    await node.sh(`mount ${path} /mnt/x && cp /tmp/data /mnt/x/data && umount /mnt/x`);
  });

  it('grows when the block device does', async () => {
    const ram = name === 'own' ? 0 : 1;
    await node.sh(
      `dmsetup suspend ${name} && dmsetup reload ${name} --table "0 65536 linear /dev/ram${ram} 0" && dmsetup resume ${name}`,
    );
    await eventually(async () => expect(await bytes(path)).toBe(32 * MIB));
    await node.ready(path);
  });

  it('lets it go with its object', async () => {
    await node.withdraw(`${name}.yaml`);
    await node.nothingLeft();
    await eventually(() => node.sh(`dmsetup remove ${name}`));
    await node.sh(linear(name, 16));
  });
});

describe('a block device', () => {
  it('is refused where it is not allowed, not a block device, in use, or smaller than asked for', async () => {
    await node.sh('mkfs.ext4 -q /dev/mapper/lio && mount /dev/mapper/lio /mnt/x && mknod /dev/mapper/file p');
    await node.sh('ln -s /dev/ram2 /dev/mapper/linked && ln -s /etc/passwd /dev/mapper/out');
    await node.sh(
      'echo 0 2048 linear /dev/ram3 0 | dmsetup create under && echo 0 2048 linear /dev/mapper/under 0 | dmsetup create over',
    );
    const refused = {
      elsewhere: ['/dev/ram2', 'PathNotAllowed', /not an allowed block device.*--allow-path/],
      outside: ['/dev/mapper/out', 'PathNotAllowed', /leads to \/etc\/passwd/],
      pipe: ['/dev/mapper/file', 'NotABlockDevice', /not a block device/],
      mounted: ['/dev/mapper/lio', 'BackingInUse', /mounted at \/mnt\/x/],
      held: ['/dev/mapper/under', 'BackingInUse', /held by dm-\d+ \(over\)/],
      short: ['/dev/mapper/own', 'SizeTooLarge', /16777216 bytes, less than size, 17179869184/, ', size: 16Gi'],
      thin: ['/dev/mapper/linked', 'AttributeNotSupported', /can't give space back/, ', thinProvisioned: true'],
    } as const;
    for (const [name, [path, , , more = '']] of Object.entries(refused))
      await node.apply(`${name}.yaml`, blockio(name, path, more));
    for (const [name, [, reason, message]] of Object.entries(refused)) {
      await said(name);
      expect(await device(name)).toMatchObject({ reason, message: expect.stringMatching(message) as string });
    }
    // What the owner was using is as it was, and it is served once it is free.
    await node.sh('umount /mnt/x && rm /dev/mapper/file /dev/mapper/out && dmsetup remove over');
    for (const name of ['mounted', 'held'])
      await eventually(async () => expect(await device(name)).toMatchObject({ state: 'Ready' }));
    for (const name of Object.keys(refused)) await node.withdraw(`${name}.yaml`);
    await node.nothingLeft();
  });

  it('is reached through its link, and no more than size of it is used', async () => {
    await node.apply('linked.yaml', blockio('linked', '/dev/mapper/linked', ', size: 8Mi, blocksize: 4096'));
    await node.ready(diskPath('linked'));
    expect(await bytes(diskPath('linked'))).toBe(8 * MIB);
    expect(await node.sh(`blockdev --getss ${diskPath('linked')}`)).toBe('4096\n');
    await node.withdraw('linked.yaml');
    await node.nothingLeft();
  });

  it('disk-17: is let go while its device is not active, and taken again', async () => {
    const path = diskPath('own');
    const active = async (value: boolean) => {
      await node.apply('own.yaml', blockio('own', '/dev/mapper/own', `, active: ${value}`));
    };
    await active(true);
    await node.ready(path);
    await node.sh(`dd if=/tmp/data of=${path} bs=64k oflag=direct status=none`);
    await active(false);
    await eventually(async () => expect(await device('own')).toMatchObject({ reason: 'Inactive' }));
    // udev looks at a block device that a writer has closed.
    await eventually(async () => expect((await node.machine.run('fuser -v /dev/mapper/own')).code).toBe(1));
    await eventually(() => node.sh('dmsetup remove own'));
    await node.sh(linear('own', 16));
    await active(true);
    await node.ready(path);
    await eventually(() => node.sh(`dd if=${path} bs=64k count=16 iflag=direct status=none | cmp - /tmp/data`));
    await node.sh('dmesg --clear');
  });

  it('disk-18: heals when it comes back, whoever was restarted meanwhile', async () => {
    const path = diskPath('own');
    await node.signal('agent', 'SIGKILL');
    await node.signal('engine', 'SIGKILL');
    // A program that had the disk's node open for a moment, such as udev's, waits for the engine.
    await eventually(() => node.sh('dmsetup remove own'));
    await node.startAgent();
    await said('own');
    expect(await device('own')).toMatchObject({
      reason: 'BackingNotFound',
      message: expect.stringMatching(/own/) as string,
    });
    expect(await node.entry('ScstLun', 'own')).toMatchObject({ state: 'Failed', reason: 'BackingNotFound' });
    await node.signal('agent', 'SIGKILL');
    await node.startAgent();
    await said('own');
    // A file of that name is no block device: nothing is exported from it.
    await node.sh('head -c 16M /dev/zero > /dev/mapper/own');
    await eventually(async () => expect(await device('own')).toMatchObject({ reason: 'NotABlockDevice' }));
    await node.sh(`rm /dev/mapper/own && ${linear('own', 16)}`);
    await node.ready(path);
    await eventually(() => node.sh(`dd if=${path} bs=64k count=16 iflag=direct status=none | cmp - /tmp/data`));
    await node.withdraw('own.yaml');
    await node.nothingLeft();
    await node.sh('dmesg --clear');
  });

  it('gives space back where it can, without being asked to', async () => {
    const path = diskPath('thin');
    await node.sh('truncate -s 16M /var/tmp/loop && losetup /dev/loop7 /var/tmp/loop');
    await node.apply('thin.yaml', blockio('thin', '/dev/loop7'));
    await node.ready(path);
    const used = () => node.sh('du -k /var/tmp/loop | cut -f 1').then(Number);
    await node.sh(
      `tr "\\0" y < /dev/zero | dd of=${path} bs=1M count=8 oflag=direct iflag=fullblock status=none; sync`,
    );
    const full = await used();
    expect(full).toBeGreaterThanOrEqual(8192);
    await node.sh(`blkdiscard -l 8M ${path}`);
    expect(await used()).toBeLessThanOrEqual(full - 8000);
    await node.sh(`dd if=${path} bs=1M count=8 iflag=direct status=none | cmp - /dev/zero -n 8M`);
    await node.withdraw('thin.yaml');
    await node.nothingLeft();
    await node.sh('losetup -d /dev/loop7');
  });

  it('that is pulled out is let go, and served again when it is back', async () => {
    const path = diskPath('pulled');
    await node.sh('modprobe scsi_debug dev_size_mb=16 num_tgts=1');
    const plugged = async () => {
      // The driver of disks takes it after the scan has ended.
      const name = await eventually(() =>
        node.sh('basename $(ls -d /sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block/*)'),
      );
      await node.sh(`udevadm settle && ln -s /dev/${name.trim()} /dev/mapper/pulled`);
      return name.trim();
    };
    const name = await plugged();
    const host = (await node.sh(`basename $(readlink -f /sys/block/${name}/device/../..)`)).trim();
    const wish = (more = '') => node.apply('pulled.yaml', blockio('pulled', '/dev/mapper/pulled', more));
    const pull = (which: string) => node.sh(`echo 1 > /sys/block/${which}/device/delete && rm -f /dev/mapper/pulled`);
    const plug = async () => {
      await node.sh(`echo - - - > /sys/class/scsi_host/${host}/scan`);
      return plugged();
    };
    await wish();
    await node.ready(path);
    await pull(name);
    await eventually(async () => expect(await device('pulled')).toMatchObject({ reason: 'BackingNotFound' }));
    expect((await scsi(node.machine, path, '28 00 00 00 00 00 00 00 01 00', '-r 512')).sense).toMatch(/^02\//);
    const second = await plug();
    await node.ready(path);
    await eventually(() => node.sh(`dd if=${path} of=/dev/null bs=4k count=1 iflag=direct status=none`));
    // With it goes what its cache held: whoever wrote has to be told, and not by data that is silently old.
    await node.sh(`dd if=/dev/zero of=${path} bs=4k count=1 oflag=direct status=none`);
    await pull(second);
    await eventually(async () => expect(await device('pulled')).toMatchObject({ reason: 'BackingNotFound' }));
    await plug();
    await eventually(async () => expect(await device('pulled')).toMatchObject({ reason: 'WritesLost' }));
    const write = () => scsi(node.machine, path, '2a 00 00 00 00 00 00 00 01 00', '-s 512 -i /dev/zero');
    await eventually(async () => expect((await write()).sense).toBe('03/0c/00'));
    await wish(', active: false');
    await eventually(async () => expect(await device('pulled')).toMatchObject({ reason: 'Inactive' }));
    await wish();
    await node.ready(path);
    await eventually(async () => expect(await write()).toEqual({ status: 'GOOD' }));
    await node.withdraw('pulled.yaml');
    await node.nothingLeft();
    await node.sh('dmesg --clear');
  });
});

describe('a disk without a medium', () => {
  const path = diskPath('nothing');
  beforeAll(async () => {
    await node.apply('nothing.yaml', diskOf('nothing', 'vdiskNullio: {size: 1Ti}'));
    await node.ready(path);
  });

  it('gives zeros, whatever was written, and no memory of others', async () => {
    expect(await bytes(path)).toBe(2 ** 40);
    for (const seek of [0, 1, 700_000]) {
      await node.sh(`dd if=/tmp/data of=${path} bs=1M seek=${seek} oflag=direct status=none`);
      await node.sh(`dd if=${path} bs=1M skip=${seek} count=1 iflag=direct status=none | cmp - /dev/zero -n 1M`);
    }
    await node.sh(`sg_write_same --num=8 --lba=0 --xferlen=512 --in=/tmp/data ${path}.sg && sg_sync ${path}.sg`);
    expect(await scsi(node.machine, path, '35 00 00 00 00 00 00 00 00 00')).toEqual({ status: 'GOOD' });
  });

  it('as a place holder keeps its number taken, and is no SCSI device', async () => {
    const lun = object('ScstLun', 'dummy', '{target: nothing, lun: 7, device: dummy}');
    await node.apply('dummy.yaml', [object('ScstDevice', 'dummy', '{vdiskNullio: {dummy: true}}'), lun].join('---\n'));
    await eventually(async () => expect(await node.entry('ScstLun', 'dummy')).toMatchObject({ state: 'Ready' }));
    await node.ready(path);
    expect(await node.sh('ls /dev/scst/nothing/nothing')).not.toContain('lun7');
    await node.withdraw('dummy.yaml');
    await node.withdraw('nothing.yaml');
    await node.nothingLeft();
  });
});

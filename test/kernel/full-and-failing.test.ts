// A backing file whose file system is full, or whose disk fails: the right sense data, nothing lost, nothing that hangs.
import { eventually } from '../env/stack/eventually.js';
import { ROOT } from '../env/stack/paths.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';
import { scsi } from './support/scsi.js';

jest.setTimeout(300_000);
const PATH = diskPath('d');
const SCST = `${ROOT}/bin/scst`;
const WRITE_MIB = (mib: number) => `2a 00 ${hex32(mib * 2048)} 00 00 08 00`;
const READ_FIRST = '28 00 00 00 00 00 00 00 08 00';
const SYNCHRONIZE_CACHE = '35 00 00 00 00 00 00 00 00 00';
const PAGE = '-s 4096 -i /tmp/data';

function hex32(value: number): string {
  return (value.toString(16).padStart(8, '0').match(/../g) ?? []).join(' ');
}

describe('a disk on a small file system', () => {
  let node: LoneNode;

  beforeAll(async () => {
    node = await LoneNode.boot({ kernel: 'uml' });
    await node.sh('mkdir -p /var/lib/scst/full && mount -t tmpfs -o size=32m none /var/lib/scst/full');
    await node.sh('tr "\\0" x < /dev/zero | head -c 4096 > /tmp/data');
    await node.apply('d.yaml', disk('d', { filename: 'full/d.img', size: '16Mi' }));
    await node.startAgent();
    await node.ready(PATH);
    await eventually(async () =>
      expect(await scsi(node.machine, PATH, '00 00 00 00 00 00')).toEqual({ status: 'GOOD' }),
    );
  });
  afterAll(() => node.stop());

  it('says so while there is no space, and goes on when there is', async () => {
    await node.sh('dd if=/dev/zero of=/var/lib/scst/full/filler bs=4k status=none; true');
    expect(await scsi(node.machine, PATH, WRITE_MIB(8), PAGE)).toEqual({
      status: 'CHECK CONDITION',
      sense: '07/27/07',
    });
    expect(await scsi(node.machine, PATH, READ_FIRST, '-r 4096')).toEqual({ status: 'GOOD' });
    expect(await scsi(node.machine, PATH, SYNCHRONIZE_CACHE)).toEqual({ status: 'GOOD' });
    await node.sh('rm /var/lib/scst/full/filler');
    expect(await scsi(node.machine, PATH, WRITE_MIB(8), PAGE)).toEqual({ status: 'GOOD' });
    expect(await node.entry('ScstDevice', 'd')).toMatchObject({ state: 'Ready' });
    await node.machine.assertCleanKernel();
  });
});

/** dm-flakey writes nothing while it is down, and says EIO: what the page cache still holds is lost at the next flush. */
describe('a disk whose backing disk fails', () => {
  let node: LoneNode;
  const DM = '/dev/mapper/flaky';
  const table = (features: string) =>
    node.sh(`dmsetup suspend --nolockfs flaky && dmsetup reload flaky --table "${features}" && dmsetup resume flaky`);

  beforeAll(async () => {
    node = await LoneNode.boot({ kernel: 'uml' });
    await node.sh(
      [
        'modprobe brd rd_nr=1 rd_size=131072 && modprobe dm-flakey',
        'dmsetup create flaky --table "0 262144 linear /dev/ram0 0"',
        `mkfs.ext4 -q ${DM} && mkdir -p /var/lib/scst/f && mount ${DM} /var/lib/scst/f`,
        'tr "\\0" x < /dev/zero | head -c 4096 > /tmp/data',
      ].join(' && '),
    );
    await node.apply('d.yaml', disk('d', { filename: 'f/d.img', size: '16Mi' }));
    await node.startAgent();
    await node.ready(PATH);
    await node.sh(`dd if=/dev/zero of=${PATH} bs=1M count=16 oflag=direct conv=fsync status=none`);
  });
  afterAll(() => node.stop());

  it('refuses writes after a failed flush until it was inactive, and never says that they are safe', async () => {
    expect(await scsi(node.machine, PATH, WRITE_MIB(1), PAGE)).toEqual({ status: 'GOOD' });
    await table('0 262144 flakey /dev/ram0 0 0 3600 1 error_writes');
    const writeError = { status: 'CHECK CONDITION', sense: '03/0c/00' };
    expect(await scsi(node.machine, PATH, SYNCHRONIZE_CACHE)).toEqual(writeError);
    await table('0 262144 linear /dev/ram0 0');
    // The kernel below forgot the page: a flush that says GOOD now would lie.
    expect(await scsi(node.machine, PATH, SYNCHRONIZE_CACHE)).toEqual(writeError);
    expect(await scsi(node.machine, PATH, WRITE_MIB(2), PAGE)).toEqual(writeError);
    expect(await scsi(node.machine, PATH, READ_FIRST, '-r 4096')).toEqual({ status: 'GOOD' });
    await eventually(async () =>
      expect(await node.entry('ScstDevice', 'd')).toMatchObject({ state: 'Failed', reason: 'WritesLost' }),
    );
    await node.replaceEngine(1);
    expect(await scsi(node.machine, PATH, SYNCHRONIZE_CACHE)).toEqual(writeError);
  });

  it('serves again once it was inactive', async () => {
    await node.apply('d.yaml', disk('d', { filename: 'f/d.img', size: '16Mi', properties: { active: false } }));
    await eventually(async () =>
      expect(await node.entry('ScstDevice', 'd')).toMatchObject({ state: 'Failed', reason: 'Inactive' }),
    );
    // The file system below has gone read-only where its own journal failed.
    await node.sh(`umount /var/lib/scst/f && e2fsck -fy ${DM} > /dev/null; mount ${DM} /var/lib/scst/f`);
    await node.apply('d.yaml', disk('d', { filename: 'f/d.img', size: '16Mi' }));
    await node.ready(PATH);
    await scsi(node.machine, PATH, '00 00 00 00 00 00');
    expect(await scsi(node.machine, PATH, WRITE_MIB(2), PAGE)).toEqual({ status: 'GOOD' });
    expect(await scsi(node.machine, PATH, SYNCHRONIZE_CACHE)).toEqual({ status: 'GOOD' });
  });

  it('is not blocked for a snapshot where the flush fails, and refuses writes from then on', async () => {
    expect(await scsi(node.machine, PATH, WRITE_MIB(3), PAGE)).toEqual({ status: 'GOOD' });
    await table('0 262144 flakey /dev/ram0 0 0 3600 1 error_writes');
    const { code, stderr } = await node.machine.run(`${SCST} block d`);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/flush|EIO/) as string]);
    await table('0 262144 linear /dev/ram0 0');
    const writeError = { status: 'CHECK CONDITION', sense: '03/0c/00' };
    expect(await scsi(node.machine, PATH, WRITE_MIB(4), PAGE)).toEqual(writeError);
    expect(await scsi(node.machine, PATH, SYNCHRONIZE_CACHE)).toEqual(writeError);
    await eventually(async () =>
      expect(await node.entry('ScstDevice', 'd')).toMatchObject({ state: 'Failed', reason: 'WritesLost' }),
    );
  });
});

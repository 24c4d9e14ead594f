// Disks under more load than there is room for, and disks that are taken away under load.
import { eventually } from '../../env/stack/eventually.js';
import { FioRun } from '../support/fio.js';
import { LoneNode } from '../support/lone-node.js';
import { disk, diskPath } from '../support/manifests.js';

jest.setTimeout(500_000);
const D = diskPath('d');
const OTHER = diskPath('other');
const forced = disk('d').replace('lun: 0, device: d', 'lun: 0, device: d, deletionPolicy: Force');

describe('a disk under load', () => {
  let node: LoneNode;

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'qemu' }, { 'd.yaml': disk('d'), 'other.yaml': disk('other') });
    await node.ready(D, OTHER);
  });
  afterAll(() => node.stop());
  afterEach(() => node.machine.assertCleanKernel());

  it('has more commands waiting than its ring’s data area holds, and answers all of them', async () => {
    const area = Number(
      await node.sh('cat /sys/kernel/config/target/core/user_21332/*/attrib/max_data_area_mb | head -1'),
    );
    const depth = 2 * area;
    await node.sh(
      `fio --name=flood --ioengine=libaio --direct=1 --rw=randwrite --bs=1M --iodepth=${depth} --size=64M --io_size=256M ` +
        `--verify=crc32c --verify_fatal=1 --filename=${D}`,
      300_000,
    );
    expect(await node.ioErrors()).toBe('');
    // Not at once: udev reads the disk when fio has closed it.
    await eventually(() => node.sh(`grep -qE '^ *0 +0$' /sys/class/block/$(basename $(readlink ${D}))/inflight`));
  });

  it('fills the file system below: writes fail for want of space and for nothing else, and go on when there is some', async () => {
    await node.sh('mkdir /var/lib/scst/small && mount -t tmpfs -o size=48m none /var/lib/scst/small');
    await node.apply('thin.yaml', disk('thin', { filename: 'small/d.img', properties: { thinProvisioned: true } }));
    const thin = diskPath('thin');
    await node.ready(thin);
    await node.sh(
      `dd if=/dev/urandom of=/tmp/kept bs=1M count=16 status=none && dd if=/tmp/kept of=${thin} bs=1M oflag=direct status=none`,
    );
    const other = await FioRun.start(node.machine, { path: OTHER, pause: 2 });
    const mine = await FioRun.start(node.machine, { path: thin, offset: 16, size: 48, rw: 'randwrite' });
    await node.sh('dd if=/dev/zero of=/var/lib/scst/small/filler bs=64k status=none; true');
    const ENOSPC = 28;
    expect(await mine.finish()).toMatchObject({ error: ENOSPC, miscompares: 0 });
    const messages = await node.ioErrors();
    expect(messages).toMatch(/critical space allocation error/);
    expect(messages.split('\n').filter((line) => !/space allocation/.test(line))).toEqual([]);
    await node.sh(`dd if=${thin} bs=1M count=16 iflag=direct status=none | cmp - /tmp/kept`);
    expect(await node.entry('ScstDevice', 'thin')).toMatchObject({ state: 'Ready' });
    await node.sh('rm /var/lib/scst/small/filler && mount -o remount,size=80m /var/lib/scst/small');
    const again = await FioRun.start(node.machine, { path: thin, offset: 16, size: 48, rw: 'randwrite' });
    expect(await again.end()).toMatchObject({ error: 0, miscompares: 0 });
    expect(await other.end()).toMatchObject({ error: 0, miscompares: 0 });
    await node.withdraw('thin.yaml');
    await eventually(() => node.sh(`! test -e ${thin}`), 60_000);
    await node.sh('dmesg -C');
  });

  it('is taken away by force: its reader gets an error, and no other disk does', async () => {
    await node.apply('d.yaml', forced);
    await node.ready(D);
    const other = await FioRun.start(node.machine, { path: OTHER, pause: 2 });
    const mine = await FioRun.start(node.machine, { path: D, pause: 2 });
    await node.withdraw('d.yaml');
    const report = await mine.finish().catch((error: unknown) => String(error));
    expect(report).not.toMatchObject({ error: 0 });
    await eventually(async () => expect(await node.sh('lsscsi | grep -c SCST_FIO')).toBe('1\n'), 60_000);
    expect(await other.end()).toMatchObject({ error: 0, miscompares: 0 });
    await node.apply('d.yaml', disk('d'));
    await node.ready(D, OTHER);
    await node.sh(`dd if=${D} of=/dev/null bs=1M count=8 iflag=direct status=none`);
  });
});

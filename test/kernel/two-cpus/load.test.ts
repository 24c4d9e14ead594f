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

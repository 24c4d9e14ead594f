// Backing files on disks that take their time, or don't answer at all: commands go on side by side, and nobody else waits.
import { eventually } from '../env/stack/eventually.js';
import { FioRun } from './support/fio.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';

jest.setTimeout(300_000);
const SLOW = diskPath('slow');
const OTHER = diskPath('other');
const SECTORS = 262_144;
const DELAY_MS = 100;

describe('a slow backing', () => {
  let node: LoneNode;
  const table = (line: string) =>
    node.sh(`dmsetup suspend slow && dmsetup reload slow --table "0 ${SECTORS} ${line}" && dmsetup resume slow`);

  beforeAll(async () => {
    node = await LoneNode.boot({ kernel: 'uml' });
    await node.sh(
      [
        `modprobe brd rd_nr=1 rd_size=${SECTORS / 2} && modprobe dm-delay`,
        `dmsetup create slow --table "0 ${SECTORS} linear /dev/ram0 0"`,
        'mkfs.ext4 -q /dev/mapper/slow && mkdir -p /var/lib/scst/slow && mount /dev/mapper/slow /var/lib/scst/slow',
      ].join(' && '),
    );
    await node.apply('slow.yaml', disk('slow', { filename: 'slow/d.img' }));
    await node.apply('other.yaml', disk('other'));
    await node.startAgent();
    await node.ready(SLOW, OTHER);
    await node.sh(`dd if=/dev/urandom of=${SLOW} bs=1M count=64 oflag=direct conv=fsync status=none`);
  });
  afterAll(() => node.stop());
  afterEach(async () => {
    expect(await node.ioErrors()).toBe('');
    await node.machine.assertCleanKernel();
  });

  it('is read by many commands at a time', async () => {
    await table(`delay /dev/ram0 0 ${DELAY_MS}`);
    await node.sh('sync; echo 3 > /proc/sys/vm/drop_caches');
    const fio = await node.machine.spawn(
      `exec fio --name=r --ioengine=libaio --direct=1 --rw=randread --bs=4k --iodepth=16 --time_based --runtime=8 --size=64M --filename=${SLOW}`,
    );
    // Reads that dm-delay holds back at the moment.
    const atOnce = "dmsetup status slow | cut -d ' ' -f 4";
    await eventually(async () => expect(Number(await node.sh(atOnce))).toBeGreaterThanOrEqual(8));
    expect(await fio.exited).toBe(0);
    await table('linear /dev/ram0 0');
    const same = `dd if=${SLOW} bs=1M iflag=direct status=none | cmp - /var/lib/scst/slow/d.img`;
    await node.sh(same);
  });

  it('that hangs keeps its own commands waiting and nothing else, and all of them end when it is back', async () => {
    await node.sh('sync; echo 3 > /proc/sys/vm/drop_caches; dmsetup suspend --nolockfs slow');
    const reader = await node.machine.spawn(
      `exec fio --name=r --ioengine=libaio --direct=1 --rw=randread --bs=4k --iodepth=32 --io_size=2M --size=64M --filename=${SLOW}`,
    );
    // PRE-FETCH is TypeScript's: eight of them ask for more threads than a unit gets.
    const fetches = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        node.machine.spawn(
          `exec sg_raw -t 200 ${SLOW}.sg 34 00 00 00 ${(at * 16).toString(16).padStart(2, '0')} 00 00 00 80 00`,
        ),
      ),
    );
    const flush = await node.machine.spawn(`exec sg_sync --timeout=200 ${SLOW}.sg`);
    const fio = await FioRun.start(node.machine, { path: OTHER });
    await node.sh(`sg_sync ${OTHER}.sg`);
    await node.apply('third.yaml', disk('third'));
    await node.ready(diskPath('third'));
    expect(await fio.end()).toMatchObject({ error: 0, miscompares: 0 });
    const waiting = `cat /sys/class/block/$(basename $(readlink ${SLOW}))/inflight`;
    expect(Number((await node.sh(waiting)).trim().split(/\s+/)[0])).toBeGreaterThan(8);
    await node.sh('dmsetup resume slow');
    expect(await Promise.all([reader, flush, ...fetches].map(({ exited }) => exited))).toEqual(Array(10).fill(0));
  });
});

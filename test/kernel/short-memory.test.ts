// A file system on a disk of the same node, with little memory: the engine that writes its pages back must not wait for them.
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';

jest.setTimeout(500_000);
const PATH = diskPath('d');
const MEMORY_MIB = 896;
const FREE_MIB = 120;
const WRITTEN_MIB = 700;

describe('a node that is short of memory', () => {
  let node: LoneNode;

  beforeAll(async () => {
    node = await LoneNode.boot({ kernel: 'uml', memoryMiB: MEMORY_MIB });
    await node.apply('d.yaml', disk('d', { size: '1Gi', properties: { thinProvisioned: true } }));
    await node.startAgent();
    await node.ready(PATH);
    await node.sh(`mkfs.ext4 -q ${PATH} && mkdir -p /mnt/d && mount -o discard ${PATH} /mnt/d`);
    // Memory that nobody can take back: a tmpfs without swap.
    await node.sh(
      'mkdir /mnt/hog && mount -t tmpfs -o size=100% none /mnt/hog && echo 3 > /proc/sys/vm/drop_caches && ' +
        `a=$(awk '/MemAvailable/ {print int($2 / 1024)}' /proc/meminfo) && ` +
        `dd if=/dev/zero of=/mnt/hog/fill bs=1M count=$((a - ${FREE_MIB})) status=none`,
    );
  });
  afterAll(() => node.stop());

  it(`writes ${WRITTEN_MIB} MiB with fsync and discard to its own disk`, async () => {
    const available = "awk '/MemAvailable/ {print int($2 / 1024)}' /proc/meminfo";
    expect(Number(await node.sh(available))).toBeLessThan(FREE_MIB + 40);
    const writer = `fio --name=w --directory=/mnt/d --ioengine=psync --rw=write --bs=128k --size=${WRITTEN_MIB / 4}M --nrfiles=1 --numjobs=2 --fsync=64 --loops=2 --unlink_each_loop=1 --end_fsync=1`;
    await node.sh(writer, 400_000);
    await node.sh(
      'rm -f /mnt/d/w* && sync && fstrim /mnt/d && umount /mnt/d && e2fsck -fn $(readlink -f ' + `${PATH})`,
      100_000,
    );
    const spare = Number(await node.sh('stat -c %b /var/lib/scst/d.img')) / 2048;
    expect(spare).toBeLessThan(100);
    expect(await node.ioErrors()).toBe('');
    expect(await node.sh('dmesg | grep -ci "out of memory" || true')).toBe('0\n');
    await node.machine.assertCleanKernel();
  });
});

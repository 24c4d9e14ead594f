// A file system on a disk of the same node, with little memory: the engine that writes its pages back must not wait for them.
import { LoneNode } from '../support/lone-node.js';
import { disk, diskPath } from '../support/manifests.js';

jest.setTimeout(900_000);
const PATH = diskPath('d');
const MEMORY_MIB = 896;
const FREE_MIB = 120;
const WRITTEN_MIB = 700;
/** As a kubelet lays them out: all pods within what the node can give, containers without a limit, none may swap. */
const PODS = '/sys/fs/cgroup/kubepods';
const CONTAINER = `${PODS}/burstable/agent`;
const AVAILABLE = "awk '/MemAvailable/ {print int($2 / 1024)}' /proc/meminfo";

describe('a node that is short of memory', () => {
  let node: LoneNode;

  beforeAll(async () => {
    node = await LoneNode.boot({ kernel: 'qemu', memoryMiB: MEMORY_MIB });
    await node.sh(
      'mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup; ' +
        `mkdir -p ${CONTAINER} && for d in /sys/fs/cgroup ${PODS} ${PODS}/burstable; do echo +memory > $d/cgroup.subtree_control; done && ` +
        `echo ${MEMORY_MIB - 200}M > ${PODS}/memory.max && echo 0 > ${CONTAINER}/memory.swap.max`,
    );
    await node.apply('d.yaml', disk('d', { size: '1Gi', properties: { thinProvisioned: true } }));
    await node.startAgent();
    await node.ready(PATH);
    await node.sh(`for p in $(pgrep -f node-agent/); do echo $p > ${CONTAINER}/cgroup.procs; done`);
    await node.sh(`mkfs.ext4 -q ${PATH} && mkdir -p /mnt/d && mount -o discard ${PATH} /mnt/d`);
    // Memory that nobody can take back: a tmpfs without swap.
    await node.sh(
      'mkdir /mnt/hog && mount -t tmpfs -o size=2g none /mnt/hog && echo 3 > /proc/sys/vm/drop_caches && ' +
        `a=$(${AVAILABLE}) && dd if=/dev/urandom of=/mnt/hog/fill bs=1M count=$((a - ${FREE_MIB})) status=none`,
    );
  });
  afterAll(() => node.stop());
  afterEach(async () => {
    expect(await node.ioErrors()).toBe('');
    expect(await node.sh('dmesg | grep -ci "out of memory" || true')).toBe('0\n');
    await node.machine.assertCleanKernel();
  });

  it(`writes ${WRITTEN_MIB} MiB with fsync and discard to its own disk`, async () => {
    expect(Number(await node.sh(AVAILABLE))).toBeLessThan(FREE_MIB + 40);
    const writer = `fio --name=w --directory=/mnt/d --ioengine=psync --rw=write --bs=128k --size=${WRITTEN_MIB / 4}M --nrfiles=1 --numjobs=2 --fsync=64 --loops=2 --unlink_each_loop=1 --end_fsync=1`;
    await node.sh(writer, 700_000);
    await node.sh(
      'rm -f /mnt/d/w* && sync && fstrim /mnt/d && umount /mnt/d && e2fsck -fn $(readlink -f ' + `${PATH})`,
      100_000,
    );
    const spare = Number(await node.sh('stat -c %b /var/lib/scst/d.img')) / 2048;
    expect(spare).toBeLessThan(100);
  });
});

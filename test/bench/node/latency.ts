// The same disks on a file system whose disk takes a millisecond for each access: how many accesses are under way at a time.
import type { TestNode } from '../../env/node/index.js';
import type { Contender } from './contenders.js';
import { commandsPerSecond } from './jobs.js';
import type { Result } from './report.js';

const SIZE_MIB = 96;
const DELAY_MS = 1;
const SECONDS = 2;
const DEPTHS = [1, 4, 16] as const;
/** What dm-delay delays: a file system on a ram disk that has room for every contender's file. */
const SECTORS = 1_048_576;

/** Before a contender starts: what it makes is not delayed. */
export async function makeSlowDisk(node: TestNode): Promise<void> {
  await node.sh(
    [
      `modprobe brd rd_nr=1 rd_size=${SECTORS / 2} && modprobe dm-delay`,
      `dmsetup create slow --table "0 ${SECTORS} linear /dev/ram0 0"`,
      'mkfs.ext4 -q /dev/mapper/slow && mkdir -p /var/lib/scst && mount /dev/mapper/slow /var/lib/scst',
    ].join(' && '),
    { timeoutMs: 300_000 },
  );
}

/** Random reads of 4 KiB that no cache answers. */
export async function measureLatency(node: TestNode, contenders: readonly Contender[]): Promise<Result[]> {
  const devices: [Contender, string][] = [];
  for (const contender of contenders) {
    console.log(`starting ${contender.name} on the slow disk`);
    const device = await contender.start(node, SIZE_MIB);
    await node.sh(`dd if=/dev/zero of=${device} bs=1M count=${SIZE_MIB} oflag=direct conv=fsync status=none`, {
      timeoutMs: 600_000,
    });
    devices.push([contender, device]);
  }
  const delayed = `delay /dev/ram0 0 ${DELAY_MS}`;
  await node.sh(
    `sync; dmsetup suspend slow && dmsetup reload slow --table "0 ${SECTORS} ${delayed}" && dmsetup resume slow`,
  );
  const results: Result[] = [];
  for (const [{ name }, device] of devices) {
    for (const depth of DEPTHS) {
      await node.sh('echo 3 > /proc/sys/vm/drop_caches');
      const options = `--rw=randread --bs=4k --iodepth=${depth}`;
      const iops = await commandsPerSecond(node, device, options, SECONDS);
      const job = `randread 4k depth ${depth}, ${DELAY_MS} ms`;
      console.log(`  ${name.padEnd(18)} ${job.padEnd(28)} ${Math.round(iops)} commands/s by the node's clock`);
      results.push({ contender: name, job, iops });
    }
  }
  return results;
}

// The engine stays away with writes in flight: shorter than the I/O time-out nobody notices, longer there is an error.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';

jest.setTimeout(300_000);
const PATH = diskPath('d');
const OUTAGE_MS = 60_000;
const BLOCK = 4096;
const BEFORE = 0x11;
const AFTER = 0x22;
/** Writes every block once, then reads and compares each; it had no error only if its exit status is 0. */
const FIO = `fio --name=d --filename=${PATH} --ioengine=libaio --direct=1 --rw=randwrite --bs=4k --verify=crc32c --verify_fatal=1`;

describe('an engine that is away', () => {
  let node: LoneNode;
  const start = async (...flags: string[]) => {
    node = await LoneNode.boot({ kernel: 'uml' });
    await node.apply('d.yaml', disk('d'));
    await node.startEngine();
    await node.startAgent(['--engine', 'external', ...flags]);
    await node.ready(PATH);
  };
  /** The numbers of a file of the disk in sysfs. */
  const numbers = async (file: 'inflight' | 'stat') => {
    const text = await node.sh(`cat /sys/class/block/$(basename $(readlink ${PATH}))/${file}`);
    return text.trim().split(/\s+/).map(Number);
  };
  const writesDone = async () => (await numbers('stat'))[4] ?? 0;

  afterEach(async () => {
    await node.machine.assertCleanKernel();
    await node.stop();
  });

  it('for 60 seconds with 64 writes in flight: no I/O error, and every write is there', async () => {
    await start();
    const fio = await node.machine.spawn(`${FIO} --iodepth=64`);
    await eventually(async () => expect(await writesDone()).toBeGreaterThan(500));
    await node.signal('engine', 'SIGKILL');
    await eventually(async () => expect(await numbers('inflight')).toEqual([0, 64]));
    await sleep(OUTAGE_MS);
    expect(await numbers('inflight')).toEqual([0, 64]);
    const [done, back] = [await writesDone(), performance.now()];
    await node.startEngine();
    await eventually(async () => expect(await writesDone()).toBeGreaterThan(done));
    console.log(`64 writes waited for an engine; it took ${Math.round(performance.now() - back)} ms from its start`);
    expect(await fio.exited).toBe(0);
    expect(await node.ioErrors()).toBe('');
  });

  it('for longer than the I/O time-out: an error, every acknowledged block right, and a disk that works again', async () => {
    await start('--io-timeout', '10');
    const fill = (byte: number) =>
      `tr '\\0' '\\${byte.toString(8)}' </dev/zero | dd of=${PATH} bs=${BLOCK} iflag=fullblock oflag=direct 2>&1`;
    await node.machine.run(fill(BEFORE));
    const before = await writesDone();
    const writer = await node.machine.spawn(fill(AFTER));
    await eventually(async () => expect(await writesDone()).toBeGreaterThan(before + 500));
    await node.signal('engine', 'SIGKILL');
    await writer.exited;
    expect(writer.output()).toMatch(/Input\/output error/);
    const acknowledged = Number(/^(\d+)\+0 records out/m.exec(writer.output())?.[1]);
    expect(acknowledged).toBeGreaterThan(500);

    await node.startEngine();
    await node.ready(PATH);
    const [first, second, ...more] = await runsOfBlocks(node);
    expect(first).toEqual([0, AFTER]);
    // The block that failed may have been written or not, but not in part.
    expect([
      [acknowledged, BEFORE],
      [acknowledged + 1, BEFORE],
    ]).toContainEqual(second);
    expect(more).toEqual([]);
    await node.sh(`${FIO} --size=8M --iodepth=16`);
  });
});

/** Where blocks that are filled with one byte begin: [number of the block, the byte], or "torn" for a mixed one. */
async function runsOfBlocks(node: LoneNode): Promise<[number, number | 'torn'][]> {
  const script = `
    const disk = fs.readFileSync("${PATH}");
    const runs = [];
    let last;
    for (let at = 0; at < disk.length; at += ${BLOCK}) {
      const block = disk.subarray(at, at + ${BLOCK});
      const byte = block.every((each) => each === block[0]) ? block[0] : "torn";
      if (byte !== last) runs.push([at / ${BLOCK}, byte]);
      last = byte;
    }
    console.log(JSON.stringify(runs));`;
  return JSON.parse(await node.sh(`node -e '${script}'`)) as [number, number | 'torn'][];
}

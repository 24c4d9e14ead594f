// The engine stays away with writes in flight: shorter than the I/O time-out nobody notices, longer there is an error.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackgroundCommand, NodeKernel } from '../env/node/index.js';
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';

jest.setTimeout(600_000);
const PATH = diskPath('d');
const OUTAGE_MS = 60_000;
/** Emulated CPUs on a busy machine are slow. */
const PATIENCE_MS = 90_000;
/** Large enough that the writer still writes when the engine dies, and small enough to be read on emulated CPUs. */
const SIZE = { uml: '64Mi', qemu: '32Mi' } as const;
const BLOCK = 4096;
const BEFORE = 0x11;
const AFTER = 0x22;
/** Writes every block once, then reads and compares each; it had no error only if its exit status is 0. */
const FIO = `fio --name=d --filename=${PATH} --ioengine=libaio --direct=1 --rw=randwrite --bs=4k --verify=crc32c --verify_fatal=1`;

describe.each<NodeKernel>(['uml', 'qemu'])('an engine that is away on %s', (kernel) => {
  /** Its engine is away for a minute, during which the other node has its own trouble. */
  let patient: Disk;
  let fio: BackgroundCommand;
  let awaySince: number;
  let impatient: Disk;

  beforeAll(async () => {
    patient = await Disk.start(kernel, '64Mi');
    fio = await patient.node.machine.spawn(`${FIO} --iodepth=64`);
    await eventually(async () => expect(await patient.writesDone()).toBeGreaterThan(500), PATIENCE_MS);
    await patient.node.signal('engine', 'SIGKILL');
    awaySince = performance.now();
    await eventually(async () => expect(await patient.inFlight()).toEqual({ reads: 0, writes: 64 }));
    impatient = await Disk.start(kernel, SIZE[kernel], '--io-timeout', '10');
  });
  afterAll(async () => {
    await patient?.node.stop();
    await impatient?.node.stop();
  });

  it('for longer than the I/O time-out: an error, every acknowledged block right, and a disk that works again', async () => {
    const { node } = impatient;
    const fill = (byte: number) =>
      `tr '\\0' '\\${byte.toString(8)}' </dev/zero | dd of=${PATH} bs=${BLOCK} iflag=fullblock oflag=direct 2>&1`;
    await node.machine.run(fill(BEFORE), { timeoutMs: 300_000 });
    const before = await impatient.writesDone();
    const writer = await node.machine.spawn(fill(AFTER));
    await eventually(async () => expect(await impatient.writesDone()).toBeGreaterThan(before + 500), PATIENCE_MS);
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
    await node.machine.assertCleanKernel();
  });

  it('for 60 seconds with 64 writes in flight: no I/O error, and every write is there', async () => {
    const { node } = patient;
    await sleep(Math.max(0, OUTAGE_MS - (performance.now() - awaySince)));
    expect(await patient.inFlight()).toEqual({ reads: 0, writes: 64 });
    const done = await patient.writesDone();
    await node.startEngine();
    await eventually(async () => expect(await patient.writesDone()).toBeGreaterThan(done), PATIENCE_MS);
    console.log(`${kernel}: 64 writes waited ${Math.round((performance.now() - awaySince) / 1000)} s for an engine`);
    expect(await fio.exited).toBe(0);
    expect(await node.ioErrors()).toBe('');
    await node.machine.assertCleanKernel();
  });
});

/** A node with the disk `d`, and what its kernel says of it. */
class Disk {
  private constructor(readonly node: LoneNode) {}

  static async start(kernel: NodeKernel, size: string, ...flags: string[]): Promise<Disk> {
    const node = await LoneNode.boot({ kernel });
    await node.apply('d.yaml', disk('d', { size }));
    await node.startEngine();
    await node.startAgent(['--engine', 'external', ...flags]);
    await node.ready(PATH);
    return new Disk(node);
  }

  async writesDone(): Promise<number> {
    return (await this.numbers('stat'))[4] ?? 0;
  }

  /** Requests that the disk hasn't answered. */
  async inFlight(): Promise<{ reads: number; writes: number }> {
    const [reads = 0, writes = 0] = await this.numbers('inflight');
    return { reads, writes };
  }

  private async numbers(file: 'inflight' | 'stat'): Promise<number[]> {
    const text = await this.node.sh(`cat /sys/class/block/$(basename $(readlink ${PATH}))/${file}`);
    return text.trim().split(/\s+/).map(Number);
  }
}

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

// The engine stays away with writes in flight: shorter than the I/O time-out nobody notices, longer there is an error.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackgroundCommand } from '../../env/node/index.js';
import { eventually } from '../../env/stack/eventually.js';
import { KERNEL } from '../support/kernel.js';
import { LoneNode } from '../support/lone-node.js';
import { disk, diskPath } from '../support/manifests.js';

jest.setTimeout(600_000);
const PATH = diskPath('d');
const OUTAGE_MS = 60_000;
/** Emulated CPUs on a busy machine are slow. */
const PATIENCE_MS = 90_000;
/** Large enough that the writers still write when the engine dies, and small enough to be read on emulated CPUs. */
const MIB = 32;
const BLOCK = 4096;
const BEFORE = 0x11;
const AFTER = 0x22;
/** Writes every block once, then reads and compares each; it had no error only if its exit status is 0. */
const FIO = `fio --name=d --filename=${PATH} --ioengine=libaio --direct=1 --rw=randwrite --bs=4k --verify=crc32c --verify_fatal=1`;

describe('an engine that is away', () => {
  /** Its engine is away for a minute, during which the other node has its own trouble. */
  let patient: Disk;
  let fio: BackgroundCommand;
  let awaySince: number;
  let impatient: Disk;

  beforeAll(async () => {
    patient = await Disk.start();
    fio = await patient.node.machine.spawn(`${FIO} --iodepth=64`);
    await patient.killEngineAfter(500);
    awaySince = performance.now();
    await eventually(async () => expect(await patient.writesInFlight()).toBe(64));
    impatient = await Disk.start('--io-timeout', '10');
  });
  afterAll(async () => {
    await patient?.node.stop();
    await impatient?.node.stop();
  });

  it('for longer than the I/O time-out: an error, every acknowledged block right, and a disk that works again', async () => {
    const { node } = impatient;
    const fill = (byte: number, bytes: number) =>
      `head -c ${MIB}M /dev/zero | tr '\\0' '\\${byte.toString(8)}' | dd of=${PATH} bs=${bytes} iflag=fullblock oflag=direct 2>&1`;
    // udev has the partition table read again whenever a writer closes. Were the engine killed meanwhile, each read of that
    // would have to time out, and the writer's close wait for them all.
    await node.sh(`udevadm settle; pkill -STOP -f systemd-udev[d]; ${fill(BEFORE, 1 << 20)}`);
    const before = await impatient.writesDone();
    const writer = await node.machine.spawn(fill(AFTER, BLOCK));
    await impatient.killEngineAfter(before + 500);
    await writer.exited;
    expect(writer.output()).toMatch(/Input\/output error/);
    const acknowledged = Number(/^(\d+)\+0 records out/m.exec(writer.output())?.[1]);
    expect(acknowledged).toBeGreaterThan(500);

    await node.startEngine();
    await node.sh('pkill -CONT -f systemd-udev[d]');
    await node.ready(PATH);
    const [first, second, ...more] = await runsOfBlocks(node);
    expect(first).toEqual([0, AFTER]);
    // The block that failed may have been written or not, but not in part.
    expect([
      [acknowledged, BEFORE],
      [acknowledged + 1, BEFORE],
    ]).toContainEqual(second);
    expect(more).toEqual([]);
    await node.sh(`${FIO} --size=4M --iodepth=16`);
    await node.machine.assertCleanKernel();
  });

  it('for 60 seconds with 64 writes in flight: no I/O error, and every write is there', async () => {
    const { node } = patient;
    await sleep(Math.max(0, OUTAGE_MS - (performance.now() - awaySince)));
    expect(await patient.writesInFlight()).toBe(64);
    const done = await patient.writesDone();
    await node.startEngine();
    await eventually(async () => expect(await patient.writesDone()).toBeGreaterThan(done), PATIENCE_MS);
    console.log(`${KERNEL}: 64 writes waited ${Math.round((performance.now() - awaySince) / 1000)} s for an engine`);
    expect(await fio.exited).toBe(0);
    expect(await node.ioErrors()).toBe('');
    await node.machine.assertCleanKernel();
  });
});

/** A node with the disk `d`, and what its kernel says of it. */
class Disk {
  private readonly directory = `/sys/class/block/$(basename $(readlink ${PATH}))`;

  private constructor(readonly node: LoneNode) {}

  static async start(...flags: string[]): Promise<Disk> {
    const node = await LoneNode.boot({ kernel: KERNEL });
    await node.apply('d.yaml', disk('d', { size: `${MIB}Mi` }));
    await node.startEngine();
    await node.startAgent(['--engine', 'external', ...flags]);
    await node.ready(PATH);
    return new Disk(node);
  }

  /** Kills the engine when the disk has done so many writes. A loop in the node: commands from here are slower than a writer. */
  async killEngineAfter(writes: number): Promise<void> {
    await this.node.sh(
      `f=${this.directory}/stat; engine=$(pgrep -of node-agent/engine/main.j[s]); ` +
        `while read -r reads merged sectors ticks writes rest < $f; [ $writes -le ${writes} ]; do :; done; kill -KILL $engine`,
      PATIENCE_MS,
    );
  }

  async writesDone(): Promise<number> {
    return (await this.numbers('stat'))[4] ?? 0;
  }

  /** Writes that the disk hasn't answered. udev reads a disk whenever a writer of it closes: reads may wait too. */
  async writesInFlight(): Promise<number> {
    const [, writes = 0] = await this.numbers('inflight');
    return writes;
  }

  private async numbers(file: 'inflight' | 'stat'): Promise<number[]> {
    const text = await this.node.sh(`cat ${this.directory}/${file}`);
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

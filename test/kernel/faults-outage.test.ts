// The engine stays away with writes in flight: shorter than the I/O time-out nobody notices, longer there is an error.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../env/stack/eventually.js';
import { Fio } from '../env/stack/fio.js';
import { diskPath } from '../env/stack/manifests.js';
import { LoneNode } from './lone-node.js';

jest.setTimeout(300_000);
const PATH = diskPath('d');
const OUTAGE_MS = 60_000;
const BLOCK = 4096;
const BEFORE = 0x11;
const AFTER = 0x22;

describe('an engine that is away', () => {
  let node: LoneNode;
  afterEach(async () => {
    await node.machine.assertCleanKernel();
    await node.stop();
  });

  it('for 60 seconds with 64 writes in flight: no I/O error, and every write is there', async () => {
    node = await LoneNode.withDisk('d', 'uml');
    const fio = await Fio.start(node.machine, PATH, ['--iodepth=64', '--verify_backlog=0']);
    await eventually(async () => expect(await node.writesOf('d')).toBeGreaterThan(500));
    await node.signal('engine', 'SIGKILL');
    await eventually(async () => expect(await node.inFlight('d')).toEqual({ reads: 0, writes: 64 }));
    await sleep(OUTAGE_MS);
    expect(await node.inFlight('d')).toEqual({ reads: 0, writes: 64 });
    await node.startEngine();
    const result = await fio.result();
    console.log(`64 writes waited; the longest for ${result.longestStallMs} ms`);
    const blocks = (64 * 1024 * 1024) / BLOCK;
    expect(result).toMatchObject({ error: 0, writes: blocks, reads: blocks });
    expect(result.longestStallMs).toBeGreaterThan(OUTAGE_MS);
  });

  it('for longer than the I/O time-out: an I/O error, no block that was not written or not acknowledged, and a disk that works again', async () => {
    node = await LoneNode.withDisk('d', 'uml', ['--io-timeout', '10']);
    const fill = (byte: number) =>
      `tr '\\0' '\\${byte.toString(8)}' </dev/zero | dd of=${PATH} bs=${BLOCK} iflag=fullblock oflag=direct 2>&1`;
    await node.machine.run(`${fill(BEFORE)}; true`);
    const written = await node.writesOf('d');
    const writer = await node.machine.spawn(fill(AFTER));
    await eventually(async () => expect(await node.writesOf('d')).toBeGreaterThan(written + 500));
    await node.signal('engine', 'SIGKILL');
    const started = performance.now();
    await writer.exited;
    console.log(`the writer got its error after ${Math.round((performance.now() - started) / 1000)} s`);
    expect(writer.output()).toMatch(/Input\/output error/);
    const acknowledged = Number(/^(\d+)\+0 records out/m.exec(writer.output())?.[1]);
    expect(acknowledged).toBeGreaterThan(500);

    await node.startEngine();
    await eventually(async () => expect((await node.condition('Ready'))?.status).toBe('True'));
    const runs = await node.machine.sh(
      `node -e 'const b = fs.readFileSync("${PATH}"); let last, runs = [];
         for (let at = 0; at < b.length; at += ${BLOCK}) {
           const block = b.subarray(at, at + ${BLOCK});
           const byte = block.every((each) => each === block[0]) ? block[0] : "torn";
           if (byte !== last) runs.push([at / ${BLOCK}, byte]);
           last = byte;
         }
         console.log(JSON.stringify(runs))'`,
    );
    const [first, second, ...more] = JSON.parse(runs) as [number, number | string][];
    expect(first).toEqual([0, AFTER]);
    // The one that failed may have been written or not, but not in part.
    expect([
      [acknowledged, BEFORE],
      [acknowledged + 1, BEFORE],
    ]).toContainEqual(second);
    expect(more).toEqual([]);
    const fio = await Fio.start(node.machine, PATH, ['--io_size=8M']);
    expect(await fio.result()).toMatchObject({ error: 0 });
  });
});

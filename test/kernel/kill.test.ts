// Death of the engine and of the agent while commands are in flight: I/O waits and goes on, and every byte is right.
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeKernel } from '../env/node/index.js';
import { eventually } from '../env/stack/eventually.js';
import { FioRun } from './support/fio.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';

jest.setTimeout(300_000);
const PATH = diskPath('kill');
const KILLS = 10;
/** What the kernel has of us, and the links to it. */
const PRESENT = `find /sys/kernel/config/target/{core,loopback} -maxdepth 4 | sort; ls -l /dev/scst/*/*; lsscsi -g`;
/** Milliseconds between a convergence and the next kill: random, so that every phase of a command is met. */
const randomMoment = () => sleep(200 + Math.random() * 800);

describe.each<NodeKernel>(['uml', 'qemu'])('with commands in flight on %s', (kernel) => {
  let node: LoneNode;

  beforeAll(async () => {
    node = await LoneNode.start({ kernel }, { 'kill.yaml': disk('kill') });
    await node.ready(PATH);
  });
  afterAll(() => node.stop());
  afterEach(() => node.machine.assertCleanKernel());

  it(`life-02: ${KILLS} deaths of engine and agent in a row are no error, and no byte is wrong`, async () => {
    const before = (await node.foundAtAttach()).length;
    const fio = await FioRun.start(node.machine, { path: PATH });
    for (let kill = 0; kill < KILLS; kill += 1) {
      await randomMoment();
      if (kill % 2 === 0) {
        await node.replaceEngine(1);
      } else {
        await node.signal('agent', 'SIGKILL');
        await node.startAgent();
      }
      await node.ready(PATH);
    }
    const report = await fio.end();
    const found = (await node.foundAtAttach()).slice(before);
    console.log(
      `${kernel}: ${KILLS} kills; in flight at the engine's deaths: ${found.join(', ')}; ${report.commands} commands; ` +
        `longest stall ${report.longestSeconds.toFixed(1)} s`,
    );
    expect(report).toMatchObject({ error: 0, miscompares: 0 });
    expect(found.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
    expect(await node.ioErrors()).toBe('');
    // A new agent finds the engine that runs, and starts no other.
    expect(await node.sh('pgrep -fc node-agent/engine/main.j[s]')).toBe('1\n');
  });

  it('the kernel gives up on a command later than the ring does, so that error handling never begins', async () => {
    expect(await node.sh('cat /sys/kernel/config/target/core/user_*/*/attrib/cmd_time_out')).toBe('600\n');
    expect(await node.sh(`cat /sys/class/block/$(basename $(readlink -f ${PATH}))/device/timeout`)).toBe('630\n');
  });

  it('the end of either on SIGTERM takes nothing down, and I/O goes on with the next engine', async () => {
    const before = await node.sh(PRESENT);
    await node.signal('agent', 'SIGTERM');
    const fio = await FioRun.start(node.machine, { path: PATH });
    await node.signal('engine', 'SIGTERM');
    expect(await node.sh(PRESENT)).toBe(before);
    await node.startAgent();
    await node.ready(PATH);
    expect(await node.sh(PRESENT)).toBe(before);
    const report = await fio.end();
    expect(report).toMatchObject({ error: 0, miscompares: 0 });
    expect(report.commands).toBeGreaterThan(0);
    expect(await node.ioErrors()).toBe('');
  });

  it('an agent that is told that the engine is external leaves it to others to start one', async () => {
    await node.signal('agent', 'SIGTERM');
    await node.startAgent(['--engine', 'external']);
    await node.ready(PATH);
    await node.signal('engine', 'SIGKILL');
    await eventually(async () =>
      expect(await node.condition('EngineConnected')).toMatchObject({ status: 'False', reason: 'EngineUnavailable' }),
    );
    expect((await node.machine.run('pgrep -f node-agent/engine/main.js')).code).toBe(1);
    await node.startEngine();
    await node.ready(PATH);
  });
});

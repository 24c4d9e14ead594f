// Death of the engine and of the agent while commands are in flight: I/O waits and goes on, and every byte is right.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../env/stack/eventually.js';
import { FioRun } from '../support/fio.js';
import { KERNEL } from '../support/kernel.js';
import { LoneNode } from '../support/lone-node.js';
import { disk, diskPath } from '../support/manifests.js';

jest.setTimeout(900_000);
const PATH = diskPath('kill');
/** The real concurrency is that of the machine with two CPUs. */
const KILLS = { uml: 10, qemu: 50 }[KERNEL];
/** Milliseconds; see FioOptions. */
const PAUSE = { uml: 5, qemu: 20 } as const;
/** What the kernel has of us, and the links to it. */
const PRESENT = `find /sys/kernel/config/target/core /sys/kernel/config/target/loopback -maxdepth 4 | sort; ls -l /dev/scst/*/*; lsscsi -g`;
/** Milliseconds between a convergence and the next kill: random, so that every phase of a command is met. */
const randomMoment = () => sleep(200 + Math.random() * 800);

/** The disk's commands in flight, as a shell reads them: `read r w < $f`. */
const INFLIGHT = `/sys/class/block/$(basename $(readlink ${PATH}))/inflight`;

const HOLDS = 5;
const HOLD_MS = 5_000;

/**
 * Held at a random moment, the engine answers nothing more, so that commands pile up in its ring, and are in flight when
 * it is killed. At some moments they can't reach the ring, such as while the kernel has it blocked for a new engine: then
 * it goes on, and is held again.
 */
async function replaceEngineWithCommandsInFlight(node: LoneNode, fio: FioRun): Promise<void> {
  for (let hold = 1; ; hold += 1) {
    await node.signal('engine', 'SIGSTOP');
    try {
      await eventually(() => node.sh(`read r w < ${INFLIGHT}; [ $((r + w)) -gt 0 ]`), HOLD_MS);
      break;
    } catch (error) {
      if (hold === HOLDS)
        throw new Error(`no command in flight, held ${HOLDS} times:\n${fio.output()}`, { cause: error });
      await node.signal('engine', 'SIGCONT');
      await randomMoment();
    }
  }
  await node.replaceEngine(1);
}

/**
 * Fails where none is in flight for a long time: the kill comes right after one was seen. The oldest process of that
 * name is the agent; a younger one is its child between fork and exec, which may be gone before it is killed.
 */
async function killAgentWithCommandsInFlight(node: LoneNode): Promise<void> {
  await node.sh(
    `f=${INFLIGHT}; agent=$(pgrep -of node-agent/agent/main.j[s]); ` +
      'for i in $(seq 100000); do read r w < $f; [ $((r + w)) -gt 0 ] && exec kill -KILL $agent; done; exit 1',
  );
  await eventually(async () => expect((await node.machine.run('pgrep -f node-agent/agent/main.j[s]')).code).toBe(1));
}

describe('with commands in flight', () => {
  let node: LoneNode;

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: KERNEL }, { 'kill.yaml': disk('kill') });
    await node.ready(PATH);
  });
  afterAll(() => node.stop());
  afterEach(() => node.machine.assertCleanKernel());

  it(`life-02: ${KILLS} deaths of engine and agent in a row are no error, and no byte is wrong`, async () => {
    const before = (await node.foundAtAttach()).length;
    const fio = await FioRun.start(node.machine, { path: PATH, pause: PAUSE[KERNEL] });
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await randomMoment();
      if (kill % 4 !== 0) {
        await replaceEngineWithCommandsInFlight(node, fio);
      } else {
        // The engine's next death may come before this agent, which starts the next engine, is ready.
        await killAgentWithCommandsInFlight(node);
        await node.startAgent();
      }
    }
    await node.ready(PATH);
    const report = await fio.end();
    const found = (await node.foundAtAttach()).slice(before);
    console.log(
      `${KERNEL}: ${KILLS} kills; in flight at the engine's deaths: ${found.join(', ')}; ${report.commands} commands; ` +
        `longest stall ${report.longestSeconds.toFixed(1)} s`,
    );
    expect(report).toMatchObject({ error: 0, miscompares: 0 });
    expect(found.length).toBeGreaterThanOrEqual(KILLS - Math.floor(KILLS / 4));
    expect(Math.min(...found)).toBeGreaterThan(0);
    expect(await node.ioErrors()).toBe('');
    // A new agent finds the engine that runs, and starts no other.
    expect(await node.sh('pgrep -fc node-agent/engine/main.j[s]')).toBe('1\n');
  });

  it('the end of either on SIGTERM takes nothing down, and I/O goes on with the next engine', async () => {
    const before = await node.sh(PRESENT);
    await node.signal('agent', 'SIGTERM');
    const fio = await FioRun.start(node.machine, { path: PATH, pause: PAUSE[KERNEL] });
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
});

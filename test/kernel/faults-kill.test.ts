// kill -9 of engine and agent with commands in flight, and their orderly end: no error, nothing lost, nothing torn down.
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeKernel } from '../env/node/index.js';
import { eventually } from '../env/stack/eventually.js';
import { Fio } from '../env/stack/fio.js';
import { diskPath } from '../env/stack/manifests.js';
import { LoneNode } from './lone-node.js';

jest.setTimeout(400_000);
const KILLS = 10;
const PATH = diskPath('d');

describe.each<NodeKernel>(['uml', 'qemu'])('on %s', (kernel) => {
  let node: LoneNode;
  const sh = (command: string) => node.machine.sh(command);
  const inFlight = async () => {
    const { reads, writes } = await node.inFlight('d');
    if (reads + writes === 0) throw new Error('nothing is in flight');
    return reads + writes;
  };

  beforeAll(async () => {
    node = await LoneNode.withDisk('d', kernel);
  });
  afterAll(async () => node.stop());
  afterEach(async () => node.machine.assertCleanKernel());

  it(`goes on after ${KILLS} kill -9 of engine or agent under fio with verify: no error, no miscompare`, async () => {
    const attachedBefore = (await node.foundAtAttach()).length;
    const fio = await Fio.start(node.machine, PATH, ['--time_based', '--runtime=3600']);
    const agentKills: number[] = [];
    let engineKills = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = await node.writesOf('d');
      await eventually(async () => expect(await node.writesOf('d')).toBeGreaterThan(before + 50), 60_000);
      await sleep(Math.random() * 300);
      const which = kill % 3 === 2 ? 'agent' : 'engine';
      const pending = await eventually(inFlight);
      if (which === 'agent') agentKills.push(pending);
      else engineKills += 1;
      await node.signal(which, 'SIGKILL');
      await (which === 'agent' ? node.startAgent() : node.startEngine());
      await eventually(
        async () => expect((await node.foundAtAttach()).length).toBe(attachedBefore + engineKills),
        60_000,
      );
    }
    const result = await fio.finish();
    const found = (await node.foundAtAttach()).slice(attachedBefore);
    console.log(
      `${kernel}: ${engineKills} engines killed with ${found.join(', ')} commands in flight, ${agentKills.length} agents with ` +
        `${agentKills.join(', ')}; ${result.writes} writes; longest stall ${result.longestStallMs} ms`,
    );
    expect(result.error).toBe(0);
    expect(found.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
    expect(agentKills.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
    expect(await sh('dmesg | grep -cE "I/O error|Medium Error" || true')).toBe('0\n');
  });
});

// Objects that come and go faster than the node follows, with the agent killed and the node cut off in between.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../env/stack/eventually.js';
import { remains, signal, startAgent } from '../env/stack/node-processes.js';
import { disk, diskPath } from '../kernel/support/manifests.js';
import { Stack } from './stack.js';

jest.setTimeout(300_000);
const NODE = 'worker-1';
/** As many as fit into a minute. */
const ROUNDS = 40;
const REBOOTS = 3;
const CONVERGENCE_MS = 120_000;
const KINDS = 'scstlun,scstsession,scsttarget,scstdevice';

describe('objects that come and go in haste', () => {
  let stack: Stack;
  const node = () => stack.machine(NODE);
  const kubectl = (...args: string[]) => stack.cluster.kubectl(...args);
  const apply = async (manifest: string) => expect(await stack.cluster.apply(manifest)).toMatchObject({ code: 0 });
  const nothingLeft = () =>
    eventually(async () => {
      expect(await kubectl('get', 'scst', '--no-headers', '--ignore-not-found')).toBe('');
      expect(await remains(node())).toBe('');
      const journal = JSON.parse(await node().sh('cat /var/lib/scst/journal.json')) as {
        spec: Record<'devices' | 'sessions' | 'luns', unknown[]>;
        departed: Record<'devices' | 'sessions' | 'luns', unknown[]>;
      };
      for (const { devices, sessions, luns } of [journal.spec, journal.departed]) {
        expect([...devices, ...sessions, ...luns]).toEqual([]);
      }
    }, CONVERGENCE_MS);

  beforeAll(async () => (stack = await Stack.start(NODE)));
  afterAll(async () => stack.stop());
  afterEach(() => node().assertCleanKernel());

  it(`operator-08: ${ROUNDS} times created and deleted, with the agent killed at random, nothing is left`, async () => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      await apply(disk(`haste${round % 3}`, { size: '1Mi' }));
      await sleep(Math.random() * 500);
      if (round % 8 === 0) {
        await signal(node(), 'agent', 'SIGKILL');
        await startAgent(node(), stack.node(NODE).agentFlags);
      }
      await kubectl('delete', KINDS, '--all', '--wait=false');
    }
    await kubectl('delete', KINDS, '--all', `--timeout=${CONVERGENCE_MS / 1000}s`);
    await nothingLeft();
  });

  it(`operator-02: deleted while the node is down, ${REBOOTS} times: nothing of it is left after the boot`, async () => {
    for (let round = 1; round <= REBOOTS; round += 1) {
      await apply(disk('reboot', { size: '1Mi' }));
      await stack.ready('scstlun/reboot');
      await node().sh(`dd if=${diskPath('reboot')} of=/dev/null bs=64k count=1 status=none`);
      const restarted = node().restart();
      await sleep(Math.random() * 500);
      await kubectl('delete', KINDS, '--all', '--wait=false');
      await restarted;
      await stack.startProcessesAgain(NODE);
      await nothingLeft();
    }
  });
});

// The node goes down and comes back, and the agent was told of it before (docs/adr/0001-sigpwr.md).
import { KERNEL } from '../support/kernel.js';
import { disk } from '../support/manifests.js';
import { MINUTE_MS, MountedDisk, PATH } from '../support/mounted-disk.js';

jest.setTimeout(300_000);

describe('a power off after SIGPWR with a dirty disk', () => {
  let machine: MountedDisk;
  beforeAll(async () => (machine = await MountedDisk.start(KERNEL)));
  afterAll(() => machine?.node.stop());
  afterEach(() => machine.node.machine.assertCleanKernel());

  it.each(['running', 'killed'])('and the engine %s: within a minute, and nothing synced is lost', async (engine) => {
    const { node } = machine;
    const written = await machine.writeSyncedAndDirty();
    if (engine === 'killed') {
      await node.signal('engine', 'SIGKILL');
      await machine.leaveCommandInFlight();
    }
    const started = performance.now();
    await node.signal('agent', 'SIGPWR');
    await node.machine.powerOff({ timeoutMs: MINUTE_MS });
    const took = performance.now() - started;
    console.log(`${KERNEL}, engine ${engine}: off ${Math.round(took)} ms after SIGPWR`);
    expect(took).toBeLessThan(MINUTE_MS);

    await node.machine.restart();
    await node.apply('d.yaml', disk('d'));
    await machine.startProcesses();
    await node.ready(PATH);
    await machine.mount();
    expect(await machine.synced()).toBe(written);
  });
});

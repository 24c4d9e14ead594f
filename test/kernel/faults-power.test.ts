// The node goes down and comes back: by a power cut, and by a power off of which the agent was told (docs/adr/0001-sigpwr.md).
import type { NodeKernel } from '../env/node/index.js';
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';

jest.setTimeout(300_000);
const PATH = diskPath('d');
const MINUTE_MS = 60_000;

describe.each<NodeKernel>(['uml', 'qemu'])('the node goes down and comes back on %s', (kernel) => {
  let node: LoneNode;
  const startProcesses = async () => {
    await node.startEngine();
    await node.startAgent(['--engine', 'external']);
  };
  const mount = () => node.sh(`mkdir -p /mnt/d && mount ${PATH} /mnt/d`);
  /** Data that was synced, and data that the disk has only in its write cache. */
  const writeSyncedAndDirty = () =>
    node.sh(
      'cd /mnt/d && dd if=/dev/urandom of=synced bs=1M count=8 conv=fsync status=none && dd if=/dev/zero of=dirty bs=1M count=8 oflag=direct status=none && sha256sum synced',
    );

  beforeAll(async () => {
    node = await LoneNode.boot({ kernel });
    await node.apply('d.yaml', disk('d'));
    await startProcesses();
    await node.ready(PATH);
    await node.sh(`mkfs.ext4 -q ${PATH}`);
    await mount();
  });
  afterAll(() => node.stop());
  afterEach(() => node.machine.assertCleanKernel());

  it('by a power cut: the disk is back from the journal without any source, with what was synced', async () => {
    const written = await writeSyncedAndDirty();
    await node.machine.restart();
    // A file in place of the directory: no source says anything.
    await node.sh('mkdir -p /etc/scst && touch /etc/scst/nothing');
    await node.startEngine();
    await node.startAgent(['--engine', 'external', '--manifests', '/etc/scst/nothing']);
    await eventually(() => node.sh(`test -b ${PATH}`), MINUTE_MS);
    expect(await node.condition('DesiredStateAvailable')).toMatchObject({ status: 'False' });
    await mount();
    expect(await node.sh('cd /mnt/d && sha256sum synced')).toBe(written);
    await node.signal('agent', 'SIGTERM');
    await node.startAgent(['--engine', 'external']);
    await node.apply('d.yaml', disk('d'));
    await node.ready(PATH);
  });

  it.each(['running', 'killed'])(
    'by a power off after SIGPWR with a dirty disk and the engine %s: within a minute, and nothing synced is lost',
    async (engine) => {
      const written = await writeSyncedAndDirty();
      if (engine === 'killed') await node.signal('engine', 'SIGKILL');
      const started = performance.now();
      await node.signal('agent', 'SIGPWR');
      await node.machine.powerOff({ timeoutMs: MINUTE_MS });
      const took = performance.now() - started;
      console.log(`${kernel}, engine ${engine}: off ${Math.round(took)} ms after SIGPWR`);
      expect(took).toBeLessThan(MINUTE_MS);

      await node.machine.restart();
      await node.apply('d.yaml', disk('d'));
      await startProcesses();
      await node.ready(PATH);
      await mount();
      expect(await node.sh('cd /mnt/d && sha256sum synced')).toBe(written);
    },
  );
});

// The power fails, and no API server nor directory is there when the node is back.
import { eventually } from '../env/stack/eventually.js';
import { MINUTE_MS, MountedDisk, PATH } from './support/mounted-disk.js';

jest.setTimeout(300_000);

describe('a power cut', () => {
  let machine: MountedDisk;
  beforeAll(async () => (machine = await MountedDisk.start('uml')));
  afterAll(() => machine?.node.stop());
  afterEach(() => machine.node.machine.assertCleanKernel());

  it('leaves a disk that is back from the journal without any source, with what was synced', async () => {
    const { node } = machine;
    const written = await machine.writeSyncedAndDirty();
    await node.machine.restart();
    // A file in place of the directory: no source says anything.
    await node.sh('mkdir -p /etc/scst && touch /etc/scst/nothing');
    await node.startEngine();
    await node.startAgent(['--engine', 'external', '--manifests', '/etc/scst/nothing']);
    await eventually(() => node.sh(`test -b ${PATH}`), MINUTE_MS);
    await eventually(async () =>
      expect(await node.condition('DesiredStateAvailable')).toMatchObject({ status: 'False' }),
    );
    await machine.mount();
    expect(await machine.synced()).toBe(written);
  });
});

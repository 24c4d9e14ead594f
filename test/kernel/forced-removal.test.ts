// A disk that is taken away by force while no engine is there to answer.
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';
import { nobodyStuck } from './support/uninterruptible.js';

jest.setTimeout(300_000);
const D = diskPath('d');
const forced = disk('d').replace('lun: 0, device: d', 'lun: 0, device: d, deletionPolicy: Force');

describe('a disk whose engine is away', () => {
  let node: LoneNode;

  beforeAll(async () => {
    node = await LoneNode.boot({ kernel: 'uml' });
    await node.apply('d.yaml', forced);
    await node.startEngine();
    await node.startAgent(['--engine', 'external', '--io-timeout', '15']);
    await node.ready(D);
  });
  afterAll(() => node.stop());

  it('life-03: fails its commands after the I/O time-out, goes by force, and is there again with the engine', async () => {
    // udev then reads the partition table again; without an engine that would take a time-out for each read.
    await node.sh(`dd if=/dev/zero of=${D} bs=1M count=1 status=none && udevadm settle`);
    await node.signal('engine', 'SIGKILL');
    const reader = await node.machine.spawn(`exec dd if=${D} of=/dev/null bs=4k count=1 iflag=direct 2>&1`);
    await node.withdraw('d.yaml');
    expect(await reader.exited).not.toBe(0);
    expect(reader.output()).toMatch(/Input\/output error/);
    await node.nothingLeft();
    await nobodyStuck(node);
    await node.startEngine();
    await node.apply('d.yaml', forced);
    await node.ready(D);
    await node.sh(`dd if=/dev/zero of=${D} bs=1M count=8 oflag=direct status=none`);
    await node.machine.assertCleanKernel();
  });
});

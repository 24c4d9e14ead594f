// The node goes down and comes back: by a power cut, and by a power off of which the agent was told (docs/adr/0001-sigpwr.md).
import type { NodeKernel } from '../env/node/index.js';
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';

jest.setTimeout(300_000);
const PATH = diskPath('d');
const MINUTE_MS = 60_000;

/** A node with a mounted file system on its disk, agent and engine started apart from each other. */
class Machine {
  private constructor(readonly node: LoneNode) {}

  static async start(kernel: NodeKernel): Promise<Machine> {
    const machine = new Machine(await LoneNode.boot({ kernel }));
    const { node } = machine;
    await node.apply('d.yaml', disk('d'));
    await machine.startProcesses();
    await node.ready(PATH);
    await node.sh(`mkfs.ext4 -q ${PATH}`);
    await machine.mount();
    return machine;
  }

  async startProcesses(): Promise<void> {
    await this.node.startEngine();
    await this.node.startAgent(['--engine', 'external']);
  }

  mount(): Promise<string> {
    return this.node.sh(`mkdir -p /mnt/d && mount ${PATH} /mnt/d`);
  }

  /** Data that was synced, and data that the disk has only in its write cache; the checksum of the former. */
  writeSyncedAndDirty(): Promise<string> {
    return this.node.sh(
      'cd /mnt/d && dd if=/dev/urandom of=synced bs=1M count=8 conv=fsync status=none && dd if=/dev/zero of=dirty bs=1M count=8 oflag=direct status=none && sha256sum synced',
    );
  }

  /** Nobody answers it. */
  async leaveCommandInFlight(): Promise<void> {
    await this.node.sh(
      'setsid dd if=/dev/zero of=/mnt/d/late bs=4k count=1 oflag=direct < /dev/null > /dev/null 2>&1 & disown',
    );
    const inFlight = `/sys/class/block/$(basename $(readlink ${PATH}))/inflight`;
    await eventually(() => this.node.sh(`grep -q '[1-9]' ${inFlight}`), MINUTE_MS);
  }

  synced(): Promise<string> {
    return this.node.sh('cd /mnt/d && sha256sum synced');
  }
}

describe('a power cut', () => {
  let machine: Machine;
  beforeAll(async () => (machine = await Machine.start('uml')));
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
    expect(await node.condition('DesiredStateAvailable')).toMatchObject({ status: 'False' });
    await machine.mount();
    expect(await machine.synced()).toBe(written);
  });
});

describe.each<NodeKernel>(['uml', 'qemu'])('a power off after SIGPWR with a dirty disk on %s', (kernel) => {
  let machine: Machine;
  beforeAll(async () => (machine = await Machine.start(kernel)));
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
    console.log(`${kernel}, engine ${engine}: off ${Math.round(took)} ms after SIGPWR`);
    expect(took).toBeLessThan(MINUTE_MS);

    await node.machine.restart();
    await node.apply('d.yaml', disk('d'));
    await machine.startProcesses();
    await node.ready(PATH);
    await machine.mount();
    expect(await machine.synced()).toBe(written);
  });
});

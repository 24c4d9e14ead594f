// Steps that the kernel holds up because the engine died under them: another agent and another engine finish the work.
import { eventually } from '../../env/stack/eventually.js';
import { KERNEL } from '../support/kernel.js';
import { LoneNode } from '../support/lone-node.js';
import { disk, diskPath } from '../support/manifests.js';

jest.setTimeout(600_000);
const PATH = diskPath('d');
const ATTEMPTS = 10;
/** Emulated CPUs on a busy machine are slow. */
const PATIENCE_MS = 90_000;
const LOOPBACK = '/sys/kernel/config/target/loopback';
const EXTERNAL = ['--engine', 'external'];
/** Waits for the directory of the LUN, which the agent makes right before it links it, and kills the engine. */
const KILL_BEFORE_LINK = `engine=$(pgrep -of node-agent/engine/main.j[s]); until [ -e "$1" ]; do set -- ${LOOPBACK}/*/tpgt_*/lun/lun_0; done; kill -KILL $engine`;

describe('a link that was begun when the engine died', () => {
  let node: LoneNode;
  /** Whether scst-step sits in the kernel, uninterruptible. */
  const stuck = async () =>
    (await node.sh('ls /run/scst/steps')).includes('link,') &&
    (await node.sh('cat /proc/[0-9]*/stat 2> /dev/null || true')).includes('(scst-step) D');

  /** configfs shows the link once the kernel is through with it. */
  const linked = async () => (await node.sh(`find ${LOOPBACK} -path '*/lun_0/*' -type l`)) !== '';

  beforeAll(async () => {
    node = await LoneNode.boot({ kernel: KERNEL });
    await node.startEngine();
    await node.startAgent(EXTERNAL);
    await eventually(
      async () => expect(await node.condition('EngineConnected')).toMatchObject({ status: 'True' }),
      PATIENCE_MS,
    );
  });
  afterAll(() => node.stop());

  it('is finished after the agent was killed too and both were started again', async () => {
    await linkWithoutEngine();
    expect(await stuck()).toBe(true);
    await node.signal('agent', 'SIGKILL');
    expect(await stuck()).toBe(true);
    await node.startAgent();
    await eventually(
      async () => expect(await node.condition('EngineConnected')).toMatchObject({ status: 'False' }),
      PATIENCE_MS,
    );
    expect(await stuck()).toBe(true);
    await node.startEngine();
    await node.ready(PATH);
    // The disk may be there a moment before its step knows.
    await eventually(async () => expect(await node.sh('ls /run/scst/steps')).toBe(''));
    await node.sh(`dd if=/dev/urandom of=${PATH} bs=1M count=4 oflag=direct status=none`);
    await node.withdraw('d.yaml');
    await node.nothingLeft();
    await node.machine.assertCleanKernel();
  });

  /** Resolves when the engine is dead and a link waits for it in the kernel. */
  async function linkWithoutEngine(): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const killer = await node.machine.spawn(KILL_BEFORE_LINK);
      await node.apply('d.yaml', disk('d'));
      await killer.exited;
      await eventually(async () => expect((await stuck()) || (await linked())).toBe(true), PATIENCE_MS);
      if (await stuck()) return;
      // The link was faster than the killer, though perhaps the disk's probe was not.
      await node.startEngine();
      await node.ready(PATH);
      await node.withdraw('d.yaml');
      await node.nothingLeft();
    }
    throw new Error(`the engine survived the link ${ATTEMPTS} times`);
  }
});

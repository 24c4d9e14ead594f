// Absence is not a wish (DESIGN §3.4): whatever becomes of the ScstNode and of the API, a mounted disk stays as it is.
import { readFileSync } from 'node:fs';
import { eventually } from '../env/stack/eventually.js';
import { signal, startAgent } from '../env/stack/node-processes.js';
import { CHART } from '../env/stack/paths.js';
import { disk, diskPath } from '../kernel/support/manifests.js';
import { Stack } from './stack.js';

jest.setTimeout(300_000);
const NODE = 'worker-1';
const MOUNT = '/mnt/data';
const CONFIGFS =
  'find /sys/kernel/config/target/core/user_* /sys/kernel/config/target/loopback/naa.* -maxdepth 5 | sort | md5sum; ls -l /dev/scst/*/*';

describe('the node stays as it is', () => {
  let stack: Stack;
  let before: string;
  let writes = 0;
  const node = () => stack.machine(NODE);
  const kubectl = (...args: string[]) => stack.cluster.kubectl(...args);
  const restartAgent = async () => {
    await signal(node(), 'agent', 'SIGKILL');
    await node().sh('rm -f /run/scst/status.json');
    await startAgent(node(), stack.node(NODE).agentFlags);
  };
  /** The agent says why there is no wish, and nothing on the node has changed. */
  const untouched = async (reason: RegExp) => {
    await eventually(async () => {
      const { status } = await stack.status(NODE);
      const condition = status.conditions?.find(({ type }) => type === 'DesiredStateAvailable');
      expect(condition).toMatchObject({ status: 'False', reason: expect.stringMatching(reason) as string });
    }, 60_000);
    expect(await node().sh(CONFIGFS)).toBe(before);
    writes += 1;
    await node().sh(`echo ${writes} > ${MOUNT}/${writes} && sync ${MOUNT}/${writes} && findmnt ${MOUNT}`);
  };
  const settled = async () => {
    await eventually(async () => {
      const { status } = await stack.status(NODE);
      expect(status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'True' });
      expect(status.observedGeneration).toBe(
        Number(await kubectl('get', 'scstnode', NODE, '-o', 'jsonpath={.metadata.generation}')),
      );
    }, 60_000);
    await stack.ready('scstlun/kept');
    expect(await node().sh(CONFIGFS)).toBe(before);
  };
  const withoutOperator = async (action: () => Promise<void>) => {
    await stack.cluster.stopOperator();
    await action();
    await stack.cluster.startOperator();
    await settled();
  };

  beforeAll(async () => {
    stack = await Stack.start(NODE);
    expect(await stack.cluster.apply(disk('kept'))).toMatchObject({ code: 0 });
    await stack.ready('scstlun/kept');
    await node().sh(`mkfs.ext4 -q ${diskPath('kept')} && mkdir -p ${MOUNT} && mount ${diskPath('kept')} ${MOUNT}`);
    before = await node().sh(CONFIGFS);
  });
  afterAll(async () => {
    expect((await node().sh(`ls ${MOUNT}`)).split('\n').filter((name) => /^\d+$/.test(name))).toHaveLength(writes);
    await node().assertCleanKernel();
    await stack.stop();
  });

  it('when its ScstNode is deleted (no object), and when the agent then starts again (an empty list)', async () => {
    await withoutOperator(async () => {
      await kubectl('delete', 'scstnode', NODE);
      await untouched(/NotFound/);
      await restartAgent();
      await untouched(/NotFound/);
    });
  });

  it('when the ScstNode is that of another node (another UID)', async () => {
    await withoutOperator(async () => {
      await kubectl('delete', 'scstnode', NODE);
      const spec =
        'spec: {nodeUID: 00000000-0000-4000-8000-000000000000, epoch: 99, setupId: other, devices: [], targets: [], sessions: [], luns: [], tombstones: []}';
      const manifest = `apiVersion: scst.dev/v1alpha1\nkind: ScstNode\nmetadata: {name: ${NODE}}\n${spec}\n`;
      expect(await stack.cluster.apply(manifest)).toMatchObject({ code: 0, stderr: '' });
      await untouched(/OtherNode/);
      await kubectl('delete', 'scstnode', NODE);
    });
  });

  it('when the agent may not read it any more (403)', async () => {
    const bindings = (await kubectl('get', 'clusterrolebindings', '-o', 'name'))
      .split('\n')
      .filter((name) => name.includes('node-agent'));
    expect(bindings).toHaveLength(1);
    const binding = await kubectl('get', bindings[0] ?? '', '-o', 'yaml');
    await kubectl('delete', bindings[0] ?? '');
    await restartAgent();
    await untouched(/Forbidden/);
    await stack.cluster.apply(binding.replace(/^ {2}(uid|resourceVersion|creationTimestamp):.*\n/gm, ''));
    await settled();
  });

  it('when the CRD is gone (404), and comes back', async () => {
    await withoutOperator(async () => {
      await kubectl('delete', 'crd', 'scstnodes.scst.dev');
      await restartAgent();
      await untouched(/NotFound/);
      await stack.cluster.apply(readFileSync(`${CHART}/../../crds/scstnodes.yaml`, 'utf8'));
      // A CRD that was just made has no conditions, which kubectl wait takes for an error.
      await eventually(() => kubectl('wait', '--for=condition=Established', '--timeout=30s', 'crd/scstnodes.scst.dev'));
    });
  });

  it('when its watch is cut; a later change arrives all the same', async () => {
    await stack.cluster.controlPlane.stopApiServer();
    await stack.cluster.controlPlane.startApiServer();
    await settled();
    const later = disk('later');
    expect(await stack.cluster.apply(later)).toMatchObject({ code: 0 });
    await stack.ready('scstlun/later');
    await kubectl(
      'delete',
      'scstlun/later',
      'scstsession/later',
      'scsttarget/later',
      'scstdevice/later',
      '--timeout=60s',
    );
    await settled();
  });

  it('while the API server is away, and when it comes back', async () => {
    await stack.cluster.controlPlane.stopApiServer();
    await restartAgent();
    await untouched(/Unreachable|NotSynced/);
    await stack.cluster.controlPlane.startApiServer();
    await settled();
  });

  it('when the node is restarted without an API server: the disk is back from the journal', async () => {
    await node().sh(`umount ${MOUNT} && sync`);
    await stack.cluster.controlPlane.stopApiServer();
    await node().restart();
    await stack.startProcessesAgain(NODE);
    await eventually(() => node().sh(`test -b ${diskPath('kept')}`), 60_000);
    await node().sh(`mkdir -p ${MOUNT} && mount ${diskPath('kept')} ${MOUNT}`);
    expect(
      (await stack.status(NODE)).status.conditions?.find(({ type }) => type === 'DesiredStateAvailable'),
    ).toMatchObject({ status: 'False' });
    await stack.cluster.controlPlane.startApiServer();
    // After an outage the agent's and the operator's pauses between two tries are up to half a minute each, one after the other.
    await stack.ready('scstlun/kept', 120);
  });
});

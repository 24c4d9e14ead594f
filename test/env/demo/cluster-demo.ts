// make demo: kubectl apply of the quickstart to a real SCSI disk on a node, and all the way back.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cluster } from '../stack/cluster.js';
import { eventually } from '../stack/eventually.js';
import { clusterFlags, remains, startAgent, startEngine } from '../stack/node-processes.js';
import { built, EXAMPLES, ROOT } from '../stack/paths.js';
import { bootNode, controlSocketOf, expectNothingLeft, NODE, onNode, PATH, useDisk } from './node.js';
import type { Demo } from './main.js';

const QUICKSTART = join(EXAMPLES, 'quickstart.yaml');

export const clusterDemo: Demo = async ({ narrator, directory, keep, onStop, untilStopped }) => {
  narrator.say(
    'SCST Local for Kubernetes: kubectl apply, and a node has a SCSI disk. Real kube-apiserver and etcd on loopback, a real\n' +
      'Linux kernel (User-mode Linux) as the node, our operator, agent and engine. About half a minute; everything is stopped\n' +
      'at the end.',
  );
  const cluster = await narrator.step('Start the control plane, and apply what the Helm chart renders', (progress) =>
    Cluster.start({ progress, directory: join(directory, 'cluster') }),
  );
  await onStop(() => cluster.stop());
  await narrator.step('Start scst-operator with the token of its service account', () => cluster.startOperator());
  const node = await narrator.step('Boot the node', () => bootNode(directory));
  await onStop(() => node.stop());
  await narrator.step(
    'Start scst-engine and scst-node-agent on it, with a token that is bound to this node',
    async () => {
      const { kubeconfig } = await cluster.addNode(NODE);
      await startEngine(node);
      await startAgent(node, await clusterFlags(node, kubeconfig, readFileSync(kubeconfig, 'utf8')));
      await eventually(async () => {
        await node.sh('pgrep -f node-agent/agent/main.j[s]');
        await cluster.kubectl('--namespace=scst-system', 'get', 'lease', NODE);
      });
    },
  );

  const kubectl = async (...args: string[]): Promise<string> => {
    const output = await cluster.kubectl(...args);
    narrator.output('cluster', `kubectl ${args.join(' ').replace(`${ROOT}/`, '')}`, output);
    return output;
  };
  await narrator.step('Apply the quickstart', async () => {
    await kubectl('label', 'node', NODE, 'scst.dev/demo=');
    await kubectl('apply', '-f', QUICKSTART);
    await kubectl('wait', '--for=condition=Ready', '--timeout=60s', 'scstlun/vm-disk1');
    await kubectl('get', 'scst');
  });
  await narrator.step('Look at the node, and use the disk', async () => {
    const seen = await onNode(narrator, node, 'uname -sr; lsscsi -g; ls -l /dev/scst/scst-local-tgt/scst-local-host/');
    if (!/SCST_FIO\s+vm-disk1/.test(seen)) throw new Error('lsscsi does not show the disk');
    await useDisk(narrator, node, PATH);
  });
  if (keep) {
    narrator.say(
      `\nLeft running until Ctrl-C. In another terminal:\n` +
        `  export KUBECONFIG=${cluster.controlPlane.adminKubeconfig} PATH=${cluster.controlPlane.binDirectory}:$PATH\n` +
        `  kubectl get scst\n` +
        `  node ${built('dist/test/env/node/exec.js')} ${controlSocketOf(directory)} 'lsscsi -g'`,
    );
    await untilStopped();
    return;
  }
  await narrator.step('Delete the objects: everything goes but the backing file', async () => {
    await kubectl('delete', '-f', QUICKSTART, '--timeout=60s');
    await expectNothingLeft(narrator, node, () => remains(node));
    const left = await cluster.kubectl('get', 'scst', '--no-headers');
    if (left.trim() !== '') throw new Error(`left in the cluster:\n${left}`);
  });
  await node.assertCleanKernel();
};

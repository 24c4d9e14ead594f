// make demo-node: the same disk on one node alone, from a directory of manifests, without a cluster.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../stack/eventually.js';
import { remains, startAgent } from '../stack/node-processes.js';
import { built, EXAMPLES } from '../stack/paths.js';
import type { Demo } from './main.js';
import { bootNode, controlSocketOf, expectNothingLeft, onNode, PATH, useDisk } from './node.js';

const MANIFESTS = '/etc/scst/manifests';

export const nodeDemo: Demo = async ({ narrator, directory, keep, onStop, untilStopped }) => {
  narrator.say(
    'SCST Local on one node alone: a directory of manifests, and the node has a SCSI disk. The node is a real Linux kernel\n' +
      '(User-mode Linux). About a quarter of a minute; everything is stopped at the end.',
  );
  const node = await narrator.step('Boot the node', () => bootNode(directory));
  await onStop(() => node.stop());
  await narrator.step(
    'Start scst-node-agent, which starts scst-engine, and put the quickstart into its directory',
    async () => {
      await node.write(`${MANIFESTS}/quickstart.yaml`, readFileSync(join(EXAMPLES, 'quickstart.yaml')));
      await startAgent(node, ['--manifests', MANIFESTS]);
      await eventually(() => node.sh(`test -b ${PATH}`), 60_000);
    },
  );
  await narrator.step('Look at the node, and use the disk', async () => {
    const seen = await onNode(narrator, node, 'uname -sr; lsscsi -g; ls -l /dev/scst/scst-local-tgt/scst-local-host/');
    if (!/SCST_FIO\s+vm-disk1/.test(seen)) throw new Error('lsscsi does not show the disk');
    await useDisk(narrator, node, PATH);
  });
  if (keep) {
    const exec = `node ${built('dist/test/env/node/exec.js')} ${controlSocketOf(directory)}`;
    narrator.say(
      `\nLeft running until Ctrl-C. In another terminal:\n  ${exec} 'lsscsi -g'\n  ${exec} 'cat /run/scst/status.json'`,
    );
    await untilStopped();
    return;
  }
  await narrator.step('Remove the manifest: everything goes but the backing file', async () => {
    await onNode(narrator, node, `rm ${MANIFESTS}/quickstart.yaml`);
    await eventually(async () => {
      const left = await remains(node);
      if (left !== '') throw new Error(`left on the node:\n${left}`);
    });
    await expectNothingLeft(narrator, node, () => remains(node));
  });
  await node.assertCleanKernel();
};

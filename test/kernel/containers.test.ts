// Engine and agent in containers of their own, with the node's /dev, as the pods of a DaemonSet have it.
import { built, ROOT } from '../env/stack/paths.js';
import { Containers } from './support/containers.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath, object } from './support/manifests.js';

jest.setTimeout(300_000);

let node: LoneNode;
let containers: Containers;

const startEngine = () =>
  containers.run(
    'engine',
    [built('build/native/scst-launch'), process.execPath, built('dist/node-agent/engine/main.js')],
    '/run/scst-engine.log',
  );
const startAgent = () =>
  containers.run(
    'agent',
    [`${ROOT}/bin/scst-node-agent`, ...node.agentArguments, '--engine', 'external'],
    '/run/scst-agent.log',
  );
/** Device nodes of uio, sd and sg. */
const nodes = 'ls /dev | grep -E "^(uio|sd|sg)"';
const kernelDisk = (name: string) =>
  [
    object('ScstDevice', name, `{engine: kernel, vdiskFileio: {filename: /var/lib/scst/${name}.img, size: 16Mi}}`),
    object('ScstTarget', name, '{nodeSelector: {matchLabels: {scst.dev/test: ""}}}'),
    object('ScstSession', name, `{target: ${name}}`),
    object('ScstLun', name, `{target: ${name}, lun: 0, device: ${name}}`),
  ].join('---\n');

beforeAll(async () => {
  node = await LoneNode.boot({ kernel: 'uml', configfs: true });
  await node.sh('mkdir -p /etc/scst/manifests');
  containers = await Containers.start(node.machine);
  await startEngine();
  await startAgent();
});
afterAll(() => node?.stop());

it('life-09: see the device nodes that come after their start, also after a restart of the agent alone', async () => {
  expect(await containers.exec('agent', `${nodes} || true`)).toBe('');
  await node.apply('first.yaml', [disk('first'), kernelDisk('kernel')].join('---\n'));
  await node.ready(diskPath('first'), diskPath('kernel'));
  const seen = await node.sh(nodes);
  expect(seen).toMatch(/sda[^]*uio0/);
  for (const name of ['agent', 'engine']) expect(await containers.exec(name, nodes)).toBe(seen);

  await containers.kill('agent');
  await node.sh('rm /run/scst/status.json');
  await startAgent();
  await node.apply('second.yaml', disk('second'));
  await node.ready(...['first', 'kernel', 'second'].map((name) => diskPath(name)));
  for (const name of ['agent', 'engine']) expect(await containers.exec(name, nodes)).toBe(await node.sh(nodes));

  for (const name of ['first', 'kernel', 'second'])
    await node.sh(`mkfs.ext4 -q ${diskPath(name)} && fsck.ext4 -fn ${diskPath(name)}`);
  await node.withdraw('first.yaml');
  await node.withdraw('second.yaml');
  await node.nothingLeft();
  await node.machine.assertCleanKernel();
  expect(await node.ioErrors()).toBe('');
});

// The node goes down in order, by its systemd, while file systems on our disks are mounted (docs/adr/0020-shutdown.md).
import { readFileSync } from 'node:fs';
import { built, ROOT } from '../env/stack/paths.js';
import { eventually } from '../env/stack/eventually.js';
import { HOST_PATHS } from './support/containers.js';
import { IDLE, Kubelet } from './support/kubelet.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';

jest.setTimeout(600_000);

/** life-10. systemd alone waits as long for a process that doesn't end. */
const REBOOT_MS = 90_000;
const UNIT = readFileSync(`${ROOT}/node-agent/systemd/scst-node-agent.service`, 'utf8');
const ENGINE = `${built('build/native/scst-launch')} ${process.execPath} ${built('dist/node-agent/engine/main.js')}`;

const DISKS = [disk('host'), disk('pod')].join('---\n');

let node: LoneNode;
beforeEach(async () => {
  node = await LoneNode.boot({ kernel: 'uml', systemd: true, configfs: true });
  await node.apply('disks.yaml', DISKS);
});
afterEach(async () => {
  await node?.machine.assertCleanKernel();
  await node?.stop();
});

/** Makes a file system, and mounts it as somebody does by hand who doesn't think of the end. */
async function useByHand(): Promise<void> {
  await node.sh(`mkfs.ext4 -q ${diskPath('host')} && mkdir -p /mnt/host && mount ${diskPath('host')} /mnt/host`);
  await node.sh('echo kept > /mnt/host/file');
}

async function reboot(): Promise<void> {
  const started = performance.now();
  node.machine.start('systemctl reboot').ended.catch(() => undefined);
  await Promise.race([node.machine.exited, new Promise((resolve) => setTimeout(resolve, 2 * REBOOT_MS).unref())]);
  const took = performance.now() - started;
  expect(node.machine.running).toBe(false);
  console.log(`down ${Math.round(took)} ms after "systemctl reboot"`);
  expect(took).toBeLessThan(REBOOT_MS);
  await node.machine.restart();
}

/** The file system in a backing file: unmounted in order, and with the file that was written last. */
async function expectClean(name: string): Promise<void> {
  const image = `/var/lib/scst/${name}.img`;
  expect(await node.sh(`fsck.ext4 -fn ${image} 2>&1`)).not.toMatch(/recover|error/i);
  expect(await node.sh(`debugfs -R 'cat file' ${image} 2>/dev/null`)).toBe('kept\n');
}

/** Of the node's own file system, below the backing files. */
async function expectNoRecovery(): Promise<void> {
  expect(await node.sh('dmesg')).not.toContain('recovery complete');
}

async function expectBack(start: () => Promise<unknown>): Promise<void> {
  await node.apply('disks.yaml', DISKS);
  await start();
  await node.ready(diskPath('host'), diskPath('pod'));
}

it('life-10: with a kubelet, a pod’s mount and one by hand: in time, all file systems clean, and the disks come back', async () => {
  const kubelet = await Kubelet.start(node.machine);
  const agent = [`${ROOT}/bin/scst-node-agent`, ...node.agentArguments, '--engine', 'external'].join(' ');
  await kubelet.run('scst', [
    { name: 'engine', script: `exec ${ENGINE}`, paths: HOST_PATHS },
    { name: 'agent', script: `exec ${agent}`, paths: HOST_PATHS },
  ]);
  await node.ready(diskPath('host'), diskPath('pod'));
  await useByHand();
  await node.sh(`mkfs.ext4 -q ${diskPath('pod')}`);
  await kubelet.run('user', [
    {
      name: 'user',
      script: `mkdir /data && mount ${diskPath('pod')} /data && echo kept > /data/file && ${IDLE}`,
      paths: ['/dev'],
    },
  ]);
  // The mount is in the container's mount namespace alone.
  await eventually(() => node.sh("grep -qs ' /data ext4 ' /proc/[0-9]*/mounts"));

  await reboot();
  await expectNoRecovery();
  await expectClean('host');
  await expectClean('pod');
  await expectBack(() => node.startAgent([]));
});

it('with the unit that node-agent/systemd has: the same', async () => {
  const run = `/usr/bin/env PATH=${process.env.PATH ?? ''} ${ROOT}/bin/`;
  const start = async () => {
    await node.machine.write('/run/systemd/system/scst-node-agent.service', UNIT.replace('/opt/scst-local/bin/', run));
    await node.sh('systemctl daemon-reload && systemctl start scst-node-agent');
  };
  await start();
  await node.ready(diskPath('host'), diskPath('pod'));
  await useByHand();

  await reboot();
  await expectNoRecovery();
  await expectClean('host');
  await expectBack(start);
});

it('with a shell that stands in the mount, and writes: after all units were stopped, and the node’s own file system may need its journal', async () => {
  await node.startEngine();
  await node.startAgent(['--engine', 'external']);
  await node.ready(diskPath('host'), diskPath('pod'));
  await useByHand();
  await node.machine.spawn('cd /mnt/host && while :; do date >> log; sleep 0.1; done');

  await reboot();
  await expectClean('host');
});

it('with an agent that died: the engine answers to the end', async () => {
  await node.startEngine();
  await node.startAgent(['--engine', 'external']);
  await node.ready(diskPath('host'), diskPath('pod'));
  await useByHand();
  await node.signal('agent', 'SIGKILL');

  await reboot();
  await expectClean('host');
});

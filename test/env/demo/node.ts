// The demo's node, and what is done with the disk on it: a file system, data, the same data read back.
import { join } from 'node:path';
import { startNode, type TestNode } from '../node/index.js';
import type { Narrator } from './narrator.js';

export const NODE = 'node-1';
/** Of the quickstart's LUN. */
export const PATH = '/dev/scst/scst-local-tgt/scst-local-host/lun0';

export function controlSocketOf(directory: string): string {
  return join(directory, `${NODE}.sock`);
}

/** A node on which nothing of ours runs yet. */
export function bootNode(directory: string): Promise<TestNode> {
  const dataDisk = join(directory, `${NODE}.img`);
  return startNode({ kernel: 'uml', name: NODE, dataDisk, controlSocket: controlSocketOf(directory) });
}

/** Runs a command on the node and shows it with its output; throws when it fails. */
export async function onNode(narrator: Narrator, node: TestNode, command: string): Promise<string> {
  const output = await node.sh(`( ${command} ) 2>&1`);
  narrator.output(NODE, command, output);
  return output;
}

/** ext4 on the disk, mounted, written, unmounted, mounted again, read: throws unless the checksums are equal. */
export async function useDisk(narrator: Narrator, node: TestNode, path: string): Promise<void> {
  await onNode(narrator, node, `mkfs.ext4 -q ${path}`);
  await onNode(narrator, node, `mkdir -p /mnt/demo && mount ${path} /mnt/demo && df -h /mnt/demo`);
  await onNode(narrator, node, 'dd if=/dev/urandom of=/mnt/demo/data bs=1M count=100 status=none');
  const written = await onNode(narrator, node, 'sha256sum /mnt/demo/data');
  await onNode(narrator, node, `umount /mnt/demo && mount ${path} /mnt/demo`);
  const read = await onNode(narrator, node, 'sha256sum /mnt/demo/data');
  if (written !== read) throw new Error(`what was read is not what was written: ${written} ${read}`);
  await onNode(narrator, node, 'umount /mnt/demo');
}

/** Throws unless nothing is left of ours on the node but the backing file. */
export async function expectNothingLeft(
  narrator: Narrator,
  node: TestNode,
  remains: () => Promise<string>,
): Promise<void> {
  const left = await remains();
  if (left !== '') throw new Error(`left on the node:\n${left}`);
  await onNode(
    narrator,
    node,
    'lsscsi; ls /dev/scst /sys/kernel/config/target/core /sys/kernel/config/target/loopback',
  );
  await onNode(narrator, node, 'ls -lhs /var/lib/scst/vm_disk1.img');
}

// The paths that users and status name: /dev/scst/<target>/<session>/lun<N>, with .sg and .bsg beside it.
import { symlinkSync } from 'node:fs';
import { mkdir, rename, rm, rmdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readOne } from '../native/read-together.js';
import type { ScsiDevice } from './scsi-device.js';

/** A LUN's place in the tree. */
export interface LinkPlace {
  /** scstName of target and session. */
  target: string;
  session: string;
  lun: number;
}

export class UnusableName extends Error {
  readonly code = 'UnusableName';
}

/** Path of the block device's link below `root`. Throws UnusableName for a name that would lead elsewhere. */
export function linkPath(root: string, { target, session, lun }: LinkPlace): string {
  for (const name of [target, session]) {
    if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
      throw new UnusableName(`"${name}" can't be a directory below ${root}`);
    }
  }
  return join(root, target, session, `lun${lun}`);
}

/** The links of a device: path → the device node that it points at. */
export function linksOf(root: string, place: LinkPlace, device: ScsiDevice): Map<string, string> {
  const path = linkPath(root, place);
  return new Map([
    ...(device.block === undefined ? [] : [[path, `/dev/${device.block}`] as const]),
    ...(device.sg === undefined ? [] : [[`${path}.sg`, `/dev/${device.sg}`] as const]),
    ...(device.bsg === undefined ? [] : [[`${path}.bsg`, `/dev/bsg/${device.bsg}`] as const]),
  ]);
}

/** Makes the tree below `root` exactly these links; writes only what differs, each link atomically. */
export async function syncLinks(root: string, wanted: ReadonlyMap<string, string>): Promise<void> {
  const present = await treeBelow(root);
  const needed = new Set([...wanted.keys()].flatMap((path) => [dirname(path), dirname(dirname(path))]));
  for (const directory of needed)
    if (!present.directories.includes(directory)) await mkdir(directory, { recursive: true });
  const missing = [...wanted].filter(([path, target]) => present.links.get(path) !== target);
  await Promise.all(
    missing.map(([path, target]) => (present.links.has(path) ? replaceLink(path, target) : makeLink(path, target))),
  );
  for (const path of present.links.keys()) if (!wanted.has(path)) await rm(path, { force: true });
  for (const directory of present.directories.reverse())
    if (!needed.has(directory)) await rmdir(directory).catch(ignoreNotEmpty);
}

/** At once: /dev is memory, and three links for each of some hundred disks would be as many jobs of the thread pool. */
async function makeLink(path: string, target: string): Promise<void> {
  try {
    symlinkSync(target, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await replaceLink(path, target);
  }
}

async function replaceLink(path: string, target: string): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  await symlink(target, temporary);
  await rename(temporary, path);
}

/** Every link below a directory by its path, and the directories there, each after the one that it is in. */
async function treeBelow(root: string): Promise<{ links: Map<string, string>; directories: string[] }> {
  const links = new Map<string, string>();
  const directories: string[] = [];
  const found = await readOne({ root, files: [], directories: ['.'] });
  for (const { name, directory, target } of found.directories[0] ?? []) {
    const path = join(root, name);
    if (target !== undefined) links.set(path, target);
    if (!directory) continue;
    const below = await treeBelow(path);
    for (const [link, to] of below.links) links.set(link, to);
    directories.push(path, ...below.directories);
  }
  return { links, directories };
}

function ignoreNotEmpty(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error;
}

// The paths that users and status name: /dev/scst/<target>/<session>/lun<N>, with .sg and .bsg beside it.
import { lstat, mkdir, readdir, readlink, rename, rm, rmdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
  for (const [path, target] of wanted) await ensureLink(path, target);
  await removeOthers(root, wanted);
}

async function ensureLink(path: string, target: string): Promise<void> {
  const present = await readlink(path).catch(() => undefined);
  if (present === target) return;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  await symlink(target, temporary);
  await rename(temporary, path);
}

/** Removes links (never anything else) that aren't wanted, and directories that became empty. */
async function removeOthers(directory: string, wanted: ReadonlyMap<string, string>): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name);
    if (wanted.has(path)) continue;
    const info = await lstat(path);
    if (info.isSymbolicLink()) await rm(path, { force: true });
    else if (info.isDirectory()) {
      await removeOthers(path, wanted);
      await rmdir(path).catch(ignoreNotEmpty);
    }
  }
}

function ignoreNotEmpty(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error;
}

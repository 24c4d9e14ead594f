// The /dev/disk/by-id name of a disk, when udev's link points at this very device and not at another path to it.
import { readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Such as /dev/disk/by-id/wwn-0x35c57…; undefined where udev made none or points it at another session's device. */
export async function findById(block: string, naa: string, directory = '/dev/disk/by-id'): Promise<string | undefined> {
  for (const name of [`wwn-0x${naa}`, `scsi-3${naa}`]) {
    const path = join(directory, name);
    const target = await readlink(path).catch(() => undefined);
    if (target !== undefined && basename(target) === block) return path;
  }
  return undefined;
}

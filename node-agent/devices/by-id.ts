// The /dev/disk/by-id name of a disk, when udev's link points at this very device and not at another path to it.
import { basename, join } from 'node:path';
import { readOne } from '../native/read-together.js';

const DIRECTORY = '/dev/disk/by-id';

/** Of every link that udev made: the name of the block device that it points at. */
export async function readById(directory = DIRECTORY): Promise<ReadonlyMap<string, string>> {
  const { directories } = await readOne({ root: directory, files: [], directories: ['.'] });
  return new Map(
    directories[0]?.flatMap(({ name, target }) => (target === undefined ? [] : [[name, basename(target)] as const])),
  );
}

/** Such as /dev/disk/by-id/wwn-0x35c57…; undefined where udev made none or points it at another session's device. */
export function findById(
  links: ReadonlyMap<string, string>,
  block: string,
  naa: string,
  directory = DIRECTORY,
): string | undefined {
  const name = [`wwn-0x${naa}`, `scsi-3${naa}`].find((each) => links.get(each) === block);
  return name === undefined ? undefined : join(directory, name);
}

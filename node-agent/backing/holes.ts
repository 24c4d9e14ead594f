// Whether a file can give space back, which thin provisioning promises.
import type { BigIntStats } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { NativeBinding } from '../native/types.js';
import { deviceNumber } from '../block/attributes.js';
import { BackingRefused } from './errors.js';

/** A length that every file system accepts; the hole is behind the end of the file, where there's nothing to lose. */
const PROBE_BYTES = 4096;

/** Throws BackingRefused where the file system has no holes. */
export async function checkHoles(
  binding: Pick<NativeBinding, 'punchHole'>,
  path: string,
  fd: number,
  { size, dev }: BigIntStats,
): Promise<void> {
  try {
    await binding.punchHole(fd, Number(size) + PROBE_BYTES, PROBE_BYTES);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EOPNOTSUPP') throw error;
    const type = fileSystemType(await readFile('/proc/self/mountinfo', 'utf8'), dev);
    throw new BackingRefused(
      'AttributeNotSupported',
      `thinProvisioned: the file system of ${path}${type === undefined ? '' : `, ${type},`} can't give space back (no hole punching)`,
      { cause: error },
    );
  }
}

/** By device number, as proc_pid_mountinfo(5) shows it; nothing where no mount has it (btrfs has numbers of its own). */
export function fileSystemType(mountinfo: string, device: bigint): string | undefined {
  const mount = mountinfo.split('\n').find((line) => line.split(' ')[2] === deviceNumber(device));
  return mount?.split(' - ')[1]?.split(' ')[0];
}

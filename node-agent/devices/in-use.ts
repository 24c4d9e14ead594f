// Whether a SCSI device may be taken away: an exclusive open that is held across the removal, then who has it open.
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { findHolders, type HolderOptions } from '../block/holders.js';
import { readScsiDevice } from './scsi-device.js';

/** The device is in use; the message names it and who uses it. */
export class DeviceInUse extends Error {
  readonly code = 'InUse';

  constructor(
    readonly device: string,
    readonly holders: readonly string[],
  ) {
    super(
      `${device} is in use: ${holders.length === 0 ? 'claimed exclusively, by whom could not be found' : holders.join('; ')}`,
    );
  }
}

export type Claim = { allowed: true; release: () => Promise<void> } | { allowed: false; error: DeviceInUse };

const NOTHING: Claim = { allowed: true, release: () => Promise.resolve() };

/**
 * Claims the block device of a SCSI device, so that nobody can mount it until `release`. O_EXCL sees mounts and claims
 * in every mount namespace. Devices that aren't disks are never opened to find out: closing a tape rewinds it.
 */
export async function claimUnused(hctl: string, options: HolderOptions & { dev?: string } = {}): Promise<Claim> {
  const { dev = '/dev', sys = '/sys' } = options;
  const block = (await readScsiDevice(hctl, sys))?.block;
  if (block === undefined) return NOTHING;
  const path = join(dev, block);
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_EXCL | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EBUSY') return { allowed: false, error: new DeviceInUse(path, await findHolders(block, options)) };
    // The device is on its way out, or has no medium: nobody can have it mounted.
    if (code === 'ENXIO' || code === 'ENOENT' || code === 'ENODEV' || code === 'ENOMEDIUM') return NOTHING;
    throw error;
  }
  const holders = await findHolders(block, options);
  if (holders.length > 0) {
    await file.close();
    return { allowed: false, error: new DeviceInUse(path, holders) };
  }
  return { allowed: true, release: () => file.close() };
}

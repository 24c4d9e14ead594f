// What a device stores into, opened and checked: a file, a block device, or nothing.
import type { AnyDisk } from '../../crds/disk.js';
import type { HandlerConfiguration, UnitConfiguration } from '../protocol/types.js';
import type { NativeBinding } from '../native/types.js';
import type { Medium } from '../scsi/types.js';
import { openBlockBacking } from './block-device.js';
import { openFileBacking } from './file.js';
import { openNothing } from './nothing.js';
import type { BackingRegistry } from './registry.js';

/** What opening a backing needs to know of its surroundings. */
export interface BackingEnvironment {
  binding: NativeBinding;
  registry: BackingRegistry;
  allowedPaths: readonly string[];
  /** Percent of the file system that a growing file has to leave free. */
  minFree: number;
}

/** An open and checked backing. */
export interface Backing {
  readonly path: string;
  readonly fd: number;
  /** For READ and WRITE: where they bypass the page cache one of its own, else the same. */
  readonly transferFd: number;
  /** Tells it from every other backing of this node while it is open. */
  readonly key: string;
  /** Tells it from another one under the same path later, as far as that is possible. */
  readonly mark: string;
  readonly medium: Medium;
  /** Made by this call: the medium is blank. */
  readonly created: boolean;
  /** What only the backing can say, where the device doesn't ask for it. */
  readonly own: Pick<AnyDisk, 'thinProvisioned' | 'physicalBlockSize'>;
  /** Nothing is ever stored: no flush is needed for anything. */
  readonly storesNothing: boolean;
  /** Bytes that the backing lacks of the medium, because somebody has cut it; negative where it has more. */
  missing(): Promise<bigint>;
  /** Why it won't come back under this descriptor; undefined while it is there. Absent: it can't go away. */
  gone?(): Promise<string | undefined>;
  /** Takes the lock if opening left that to later; false when another process was quicker. */
  lock(): Promise<boolean>;
  /** Closes it, which ends its lock too. */
  close(): Promise<void>;
}

/**
 * Nothing for a unit that its owner has made inactive. Throws BackingRefused. `replacing` is what the same unit has open
 * until now: if it is the same backing, whose lock that one still holds, the caller closes it and then calls lock().
 */
export async function openBacking(
  environment: BackingEnvironment,
  configuration: HandlerConfiguration & Pick<UnitConfiguration, 'uid' | 'name'>,
  replacing?: Backing,
): Promise<Backing | undefined> {
  const { vdiskFileio, vdiskBlockio, vdiskNullio } = configuration;
  if ((vdiskFileio ?? vdiskBlockio)?.active === false) return undefined;
  if (vdiskFileio !== undefined) return await openFileBacking(environment, vdiskFileio, configuration, replacing);
  if (vdiskBlockio !== undefined) return await openBlockBacking(environment, vdiskBlockio, configuration, replacing);
  if (vdiskNullio !== undefined) return await openNothing(vdiskNullio);
  throw new TypeError(`the handler ${configuration.handler} isn't known to this engine`);
}

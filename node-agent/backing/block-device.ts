// Opens the block device of a vdiskBlockio: allowed, whole, and nobody else's from then on.
import { close, constants, fstat, open, stat, type BigIntStats } from 'node:fs';
import { promisify } from 'node:util';
import { findHolders } from '../block/holders.js';
import type { BlockioConfiguration } from '../protocol/types.js';
import { openAllowed, resolveDevice, type AllowedPath } from './allowed-paths.js';
import type { Backing, BackingEnvironment } from './backing.js';
import { BlockAttributes, deviceNumber } from '../block/attributes.js';
import { BackingRefused } from './errors.js';
import { FileMedium } from './medium.js';
import type { BackingOwner } from './registry.js';

const openFile = promisify(open);
const closeFile = promisify(close);
const fileStatus = promisify(fstat) as unknown as (fd: number, options: { bigint: true }) => Promise<BigIntStats>;
const pathStatus = promisify(stat) as unknown as (path: string, options: { bigint: true }) => Promise<BigIntStats>;

/** Throws BackingRefused. */
export async function openBlockBacking(
  environment: BackingEnvironment,
  configuration: BlockioConfiguration,
  owner: BackingOwner,
  replacing?: Backing,
): Promise<Backing> {
  const { binding, registry } = environment;
  const allowed = await resolveDevice(configuration.filename, environment.allowedPaths);
  const { rdev } = await deviceStatus(allowed);
  const attributes = new BlockAttributes(deviceNumber(rdev));
  const key = `block device ${attributes.number}`;
  const release = registry.claim(allowed.path, key, owner);
  const opened: number[] = [];
  try {
    const heldByUs = replacing?.key === key;
    const fd = await claim(environment, allowed, attributes, {
      ...configuration,
      claim: configuration.claim && !heldByUs,
    });
    opened.push(fd);
    if ((await fileStatus(fd, { bigint: true })).rdev !== rdev)
      throw new BackingRefused('BackingError', `${allowed.path} became another device while it was opened`);
    const found = await attributes.read();
    const size = fitSize(allowed.path, found.size, configuration);
    checkBlockSize(allowed.path, found.logicalBlockSize, configuration.blocksize);
    const gives = configuration.claim ? found.unmapsToZeros : found.discards;
    if (configuration.thinProvisioned === true && !gives)
      throw new BackingRefused('AttributeNotSupported', `thinProvisioned: ${allowed.path} can't give space back`);
    const mode = configuration.readOnly ? constants.O_RDONLY : constants.O_RDWR;
    // LIO has a way of its own to it.
    const transferFd = configuration.claim ? await openFile(`/proc/self/fd/${fd}`, mode | constants.O_DIRECT) : fd;
    if (transferFd !== fd) opened.push(transferFd);
    const { blocksize } = configuration;
    return {
      path: allowed.path,
      fd,
      transferFd,
      key,
      mark: await attributes.mark(),
      medium: new FileMedium(binding, fd, blocksize, size / BigInt(blocksize), found.discardGranularity),
      created: false,
      own: {
        thinProvisioned: gives,
        physicalBlockSize: Math.max(blocksize, found.physicalBlockSize),
      },
      storesNothing: false,
      missing: async () => size - (configuration.size === undefined ? (await attributes.read()).size : size),
      gone: async () =>
        (await attributes.isThere(found.sequence)) ? undefined : `the block device of ${allowed.path} is gone`,
      lock: async () => !heldByUs || !configuration.claim || (await claimLate(fd, opened)),
      close: async () => {
        release();
        for (const each of opened) await closeFile(each);
      },
    };
  } catch (error) {
    release();
    for (const each of opened) await closeFile(each);
    if (error instanceof BackingRefused) throw error;
    throw new BackingRefused('BackingError', `${allowed.path}: ${(error as Error).message}`, { cause: error });
  }
}

async function deviceStatus({ path, root, relative }: AllowedPath): Promise<BigIntStats> {
  const status = await pathStatus(`${root}${relative}`, { bigint: true });
  if (status.isBlockDevice()) return status;
  throw new BackingRefused('NotABlockDevice', `${path} is not a block device`);
}

/** With O_EXCL the kernel refuses it to mounts, LVM and others, and to us what they have: the whole disk for a part of it, too. */
async function claim(
  { binding }: BackingEnvironment,
  allowed: AllowedPath,
  attributes: BlockAttributes,
  { claim: exclusively, readOnly }: BlockioConfiguration,
): Promise<number> {
  const mode = readOnly || !exclusively ? constants.O_RDONLY : constants.O_RDWR;
  try {
    return await openAllowed(binding, allowed, mode | constants.O_NONBLOCK | (exclusively ? constants.O_EXCL : 0));
  } catch (error) {
    const { code } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    const options = { cause: error };
    if (code === 'EBUSY') {
      const holders = await findHolders(await attributes.name());
      const by = holders.length === 0 ? 'claimed, by whom could not be found' : holders.join('; ');
      throw new BackingRefused('BackingInUse', `${allowed.path} is in use on this node: ${by}`, options);
    }
    if (code === 'EROFS' || code === 'EACCES')
      throw new BackingRefused('BackingError', `${allowed.path} can't be written; set readOnly`, options);
    if (code === 'ENXIO' || code === 'ENODEV' || code === 'ENOMEDIUM')
      throw new BackingRefused('BackingNotFound', `${allowed.path} is a device node that no device is behind`, options);
    throw error;
  }
}

/** The claim is another descriptor's beside the one that has been open all the time. */
async function claimLate(fd: number, opened: number[]): Promise<boolean> {
  try {
    const flags = constants.O_RDONLY | constants.O_EXCL | constants.O_NONBLOCK;
    opened.push(await openFile(`/proc/self/fd/${fd}`, flags));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
    throw error;
  }
}

function fitSize(path: string, found: bigint, { size, blocksize }: BlockioConfiguration): bigint {
  const wanted = size === undefined ? found : BigInt(size);
  if (found === 0n) throw new BackingRefused('SizeUnknown', `${path} has no medium: 0 bytes`);
  if (wanted > found) throw new BackingRefused('SizeTooLarge', `${path} has ${found} bytes, less than size, ${wanted}`);
  if (wanted % BigInt(blocksize) !== 0n)
    throw new BackingRefused(
      'SizeNotMultiple',
      `${path} has ${wanted} bytes, which is not a multiple of the block size ${blocksize}; set size, or a smaller blocksize`,
    );
  return wanted;
}

function checkBlockSize(path: string, logicalBlockSize: number, blocksize: number): void {
  if (blocksize % logicalBlockSize === 0) return;
  throw new BackingRefused(
    'AttributeNotSupported',
    `${path} has blocks of ${logicalBlockSize} bytes, larger than blocksize, ${blocksize}; set blocksize to ${logicalBlockSize}`,
  );
}

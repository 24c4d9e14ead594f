// Opens the backing file of a vdiskFileio: made or grown where the size asks for it, locked, and checked on the open file.
import { close, constants, fstat, fsync, ftruncate, statfs, type BigIntStats } from 'node:fs';
import { posix } from 'node:path';
import { promisify } from 'node:util';
import type { NativeBinding } from '../native/types.js';
import type { FileioConfiguration } from '../protocol/types.js';
import { openAllowed, resolveAllowed, type AllowedPath } from './allowed-paths.js';
import type { Backing, BackingEnvironment } from './backing.js';
import { BackingRefused } from './errors.js';
import { FileMedium } from './medium.js';
import { fileKey, type BackingOwner } from './registry.js';
import { openDirectly } from './direct.js';
import { checkHoles } from './holes.js';
import { checkSpace } from './space.js';

const fileStatus = promisify(fstat) as unknown as (fd: number, options: { bigint: true }) => Promise<BigIntStats>;
const fileSystemStatus = promisify(statfs);
const truncate = promisify(ftruncate);
const sync = promisify(fsync);
const closeFile = promisify(close);

/**
 * Throws BackingRefused. `replacing` is what the same unit has open until now: if it is the same file, whose lock
 * that one still holds, the caller closes it and then calls lock().
 */
export async function openFileBacking(
  environment: BackingEnvironment,
  configuration: FileioConfiguration,
  owner: BackingOwner,
  replacing?: Backing,
): Promise<Backing> {
  const { binding, registry } = environment;
  const allowed = resolveAllowed(configuration.filename, environment.allowedPaths);
  const { fd, created } = await openOrCreate(environment, allowed, configuration);
  let release: () => void = () => undefined;
  const opened = [fd];
  try {
    const status = await fileStatus(fd, { bigint: true });
    checkFile(allowed.path, status);
    const key = fileKey(status);
    release = registry.claim(allowed.path, key, owner);
    const lockedByUs = replacing?.key === key;
    const shared = owner.sharedMedium ?? false;
    if (!lockedByUs && !(await binding.tryLock(fd, shared)))
      throw new BackingRefused('BackingInUse', `${allowed.path} is locked by another process on this node`);
    const size = await fitSize(environment, allowed, fd, status, configuration);
    if (configuration.thinProvisioned && !configuration.readOnly) await checkHoles(binding, allowed.path, fd, status);
    const transferFd = configuration.directIO ? await openDirectly(binding, allowed.path, fd, configuration) : fd;
    if (transferFd !== fd) opened.push(transferFd);
    return {
      path: allowed.path,
      fd,
      transferFd,
      created,
      key,
      // The number of its file system may be another after the next boot.
      mark: String(status.ino),
      medium: new FileMedium(
        binding,
        fd,
        configuration.blocksize,
        size / BigInt(configuration.blocksize),
        Number(status.blksize),
      ),
      own: {},
      storesNothing: false,
      missing: async () => size - (await fileStatus(fd, { bigint: true })).size,
      lock: async () => !lockedByUs || (await binding.tryLock(fd, shared)),
      close: async () => {
        release();
        for (const each of opened) await closeFile(each);
      },
    };
  } catch (error) {
    release();
    await closeFile(fd);
    if (error instanceof BackingRefused) throw error;
    throw new BackingRefused('BackingError', `${allowed.path}: ${(error as Error).message}`, { cause: error });
  }
}

async function openOrCreate(
  environment: BackingEnvironment,
  allowed: AllowedPath,
  { size, readOnly, thinProvisioned }: FileioConfiguration,
): Promise<{ fd: number; created: boolean }> {
  // O_NONBLOCK: a FIFO put in the file's place must not hold the engine up.
  const flags = (readOnly ? constants.O_RDONLY : constants.O_RDWR) | constants.O_NONBLOCK;
  try {
    return { fd: await openAllowed(environment.binding, allowed, flags), created: false };
  } catch (error) {
    if (!(error instanceof BackingRefused) || error.reason !== 'BackingNotFound' || readOnly) throw error;
  }
  if (allowed.path.startsWith('/dev/') && !allowed.path.startsWith('/dev/shm/'))
    // It would be in memory, under the name of a block device that isn't there at the moment.
    throw new BackingRefused('BackingNotFound', `${allowed.path} does not exist, and no file is made below /dev`);
  const parent = await openParent(environment.binding, allowed);
  try {
    if (size === undefined)
      throw new BackingRefused('SizeUnknown', `${allowed.path} does not exist, and no size is given to make it with`);
    // A thin device takes its space as it is written, and may promise more than there is.
    if (!thinProvisioned) checkSpace(allowed.path, BigInt(size), await spaceOf(parent), environment.minFree);
    // O_EXCL: whether the file is ours to size, or came into being meanwhile and has to be checked, must be known.
    const fd = await openAllowed(environment.binding, allowed, flags | constants.O_CREAT | constants.O_EXCL, 0o600);
    // A crash from here on leaves an empty file, which the next start grows.
    await sync(parent);
    return { fd, created: true };
  } finally {
    await closeFile(parent);
  }
}

async function openParent(binding: NativeBinding, { path, root, relative }: AllowedPath): Promise<number> {
  const parent = posix.dirname(relative);
  try {
    return await openAllowed(
      binding,
      { path: posix.dirname(path), root, relative: parent },
      constants.O_RDONLY | constants.O_DIRECTORY,
    );
  } catch (error) {
    if (!(error instanceof BackingRefused) || error.reason !== 'BackingNotFound') throw error;
    throw new BackingRefused('BackingNotFound', `the directory ${posix.dirname(path)} does not exist on this node`, {
      cause: error,
    });
  }
}

/** Throws BackingRefused for what can't back a device. */
export function checkFile(path: string, status: BigIntStats): void {
  if (!status.isFile()) throw new BackingRefused('NotARegularFile', `${path} is not a regular file`);
  // A second name could be outside the allowed directories: a way to reach any file of the same file system.
  if (status.nlink !== 1n)
    throw new BackingRefused('MultipleLinks', `${path} has ${status.nlink} hard links; a backing file must have one`);
}

/**
 * Returns the size of the device in bytes. A file is never cut, and a device never shows less than its file:
 * what lies behind the end (a backup partition table, a file system) would be lost to the initiator without a word.
 */
async function fitSize(
  environment: BackingEnvironment,
  { path }: AllowedPath,
  fd: number,
  status: BigIntStats,
  { size, blocksize, readOnly, thinProvisioned }: FileioConfiguration,
): Promise<bigint> {
  const wanted = size === undefined ? status.size : BigInt(size);
  if (wanted % BigInt(blocksize) !== 0n)
    throw new BackingRefused(
      'SizeNotMultiple',
      `${size === undefined ? `the size of ${path}` : 'size'}, ${wanted}, is not a multiple of the block size ${blocksize}`,
    );
  if (wanted === 0n)
    throw new BackingRefused('SizeUnknown', `${path} is empty, and no size is given to make it as large as`);
  if (wanted < status.size)
    throw new BackingRefused(
      'SizeTooSmall',
      `${path} has ${status.size} bytes, more than size, ${wanted}; a file is never cut: leave size out or make it larger`,
    );
  if (wanted === status.size) return wanted;
  if (readOnly)
    throw new BackingRefused(
      'SizeTooSmall',
      `${path} has ${status.size} bytes, less than size, ${wanted}, and a read-only file can't be grown`,
    );
  if (!thinProvisioned) checkSpace(path, wanted - status.blocks * 512n, await spaceOf(fd), environment.minFree);
  await truncate(fd, Number(wanted));
  await sync(fd);
  return wanted;
}

async function spaceOf(fd: number): Promise<{ size: bigint; available: bigint }> {
  const { bsize, blocks, bavail } = await fileSystemStatus(`/proc/self/fd/${fd}`, { bigint: true });
  return { size: blocks * bsize, available: bavail * bsize };
}

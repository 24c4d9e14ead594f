// Deletes the backing file of a removed device, for reclaimPolicy Delete.
import { close, constants, fstat, fsync, unlink, type BigIntStats } from 'node:fs';
import { posix } from 'node:path';
import { promisify } from 'node:util';
import type { ReclaimResult } from '../protocol/types.js';
import { openAllowed, resolveAllowed } from './allowed-paths.js';
import { BackingRefused } from './errors.js';
import type { BackingEnvironment } from './backing.js';
import { fileKey } from './registry.js';

const fileStatus = promisify(fstat) as unknown as (fd: number, options: { bigint: true }) => Promise<BigIntStats>;
const remove = promisify(unlink);
const sync = promisify(fsync);
const closeFile = promisify(close);

/** Never throws for a file that may not be deleted: the message says why. */
export async function reclaimFile(environment: BackingEnvironment, filename: string): Promise<ReclaimResult> {
  const opened: number[] = [];
  try {
    const allowed = resolveAllowed(filename, environment.allowedPaths);
    // The directory first: the name is then looked up and removed in this very directory, whatever is renamed meanwhile.
    const parent = await openAllowed(
      environment.binding,
      { path: posix.dirname(allowed.path), root: allowed.root, relative: posix.dirname(allowed.relative) },
      constants.O_RDONLY | constants.O_DIRECTORY,
    );
    opened.push(parent);
    const flags = constants.O_RDWR | constants.O_NONBLOCK;
    const directory = `/proc/self/fd/${parent}`;
    const name = posix.basename(allowed.path);
    const file = await openAllowed(environment.binding, { path: allowed.path, root: directory, relative: name }, flags);
    opened.push(file);
    await checkDeletable(environment, allowed.path, file);
    await remove(`${directory}/${name}`);
    await sync(parent);
    return { deleted: true };
  } catch (error) {
    if (error instanceof BackingRefused && error.reason === 'BackingNotFound') return { deleted: true };
    return { deleted: false, message: (error as Error).message };
  } finally {
    for (const fd of opened) await closeFile(fd);
  }
}

async function checkDeletable(environment: BackingEnvironment, path: string, fd: number): Promise<void> {
  const status = await fileStatus(fd, { bigint: true });
  if (!status.isFile()) throw new BackingRefused('NotARegularFile', `${path} is not a regular file and is kept`);
  if (status.nlink !== 1n)
    throw new BackingRefused('MultipleLinks', `${path} has ${status.nlink} hard links and is kept`);
  const owner = environment.registry.ownerOf(fileKey(status));
  if (owner !== undefined)
    throw new BackingRefused('BackingInUse', `${path} is the backing of the device ${owner.name} and is kept`);
  if (!(await environment.binding.tryLock(fd, false)))
    throw new BackingRefused('BackingInUse', `${path} is locked by another process on this node and is kept`);
}

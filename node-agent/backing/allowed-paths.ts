// Which paths may back a device: below one of the allowed directories, opened without following any link.
import { realpath } from 'node:fs/promises';
import { posix } from 'node:path';
import type { NativeBinding } from '../native/types.js';
import { BackingRefused } from './errors.js';

/** A path taken apart at the allowed directory that it is below. */
export interface AllowedPath {
  path: string;
  root: string;
  /** Relative to root. */
  relative: string;
}

const DEVICES = '/dev/';

/** Decides by the text of the path alone; links are found when it is opened. Throws BackingRefused. */
export function resolveAllowed(path: string, roots: readonly string[]): AllowedPath {
  const normal = normalized(path);
  for (const root of roots) {
    const directory = posix.normalize(`${root}/`);
    if (normal.startsWith(directory) && normal.length > directory.length && !normal.endsWith('/'))
      return { path: normal, root: directory, relative: normal.slice(directory.length) };
  }
  throw new BackingRefused(
    'PathNotAllowed',
    `${path} is not a file below an allowed directory (${listed(roots)}); the administrator of the node adds one with --allow-path`,
  );
}

/**
 * The same for a block device, which is allowed by its own name or by a directory below /dev that it is in. Its name may be
 * a link there (by-id, LVM): such links are udev's, whoever may write below /dev has the devices anyway. Throws
 * BackingRefused.
 */
export async function resolveDevice(path: string, roots: readonly string[]): Promise<AllowedPath> {
  const normal = normalized(path);
  const allowed = roots.map((root) => posix.normalize(`${root}/`)).filter((root) => root.startsWith(DEVICES));
  if (!normal.startsWith(DEVICES) || !allowed.some((root) => `${normal}/`.startsWith(root)))
    throw new BackingRefused(
      'PathNotAllowed',
      `${path} is not an allowed block device (${listed(allowed)}); the administrator of the node adds it, or its directory below /dev, with --allow-path`,
    );
  const real = await realpath(normal).catch((error: unknown) => {
    throw refusalOf(path, error as NodeJS.ErrnoException);
  });
  if (!real.startsWith(DEVICES))
    throw new BackingRefused('PathNotAllowed', `${path} leads to ${real}, which is not below /dev`);
  return { path: normal, root: DEVICES, relative: real.slice(DEVICES.length) };
}

function normalized(path: string): string {
  if (!posix.isAbsolute(path)) throw new BackingRefused('PathNotAllowed', `${path} is not an absolute path`);
  if (path.includes('\0')) throw new BackingRefused('PathNotAllowed', `the path contains a zero byte`);
  if (path.split('/').includes('..'))
    throw new BackingRefused('PathNotAllowed', `${path} contains "..", which is refused`);
  return posix.normalize(path);
}

function listed(roots: readonly string[]): string {
  return roots.length === 0 ? 'none' : roots.join(', ');
}

/** openat2(2) below the root. Rejects with a BackingRefused for what the kernel refuses. */
export async function openAllowed(
  binding: NativeBinding,
  { path, root, relative }: AllowedPath,
  flags: number,
  mode = 0,
): Promise<number> {
  try {
    return await binding.openBeneath(root, relative, flags, mode);
  } catch (error) {
    throw refusalOf(path, error as NodeJS.ErrnoException);
  }
}

function refusalOf(path: string, error: NodeJS.ErrnoException): BackingRefused {
  const options = { cause: error };
  switch (error.code) {
    case 'ENOENT':
      return new BackingRefused('BackingNotFound', `${path} does not exist`, options);
    case 'ENOTDIR':
      return new BackingRefused('BackingNotFound', `a part of ${path} is not a directory`, options);
    case 'ELOOP':
    case 'EXDEV':
      return new BackingRefused(
        'PathNotAllowed',
        `${path} is or goes through a symbolic link or leaves its allowed directory; give the path of the file itself`,
        options,
      );
    case 'EISDIR':
    case 'ENXIO':
      return new BackingRefused('NotARegularFile', `${path} is not a regular file`, options);
    default:
      return new BackingRefused('BackingError', `${path} can't be opened: ${error.message}`, options);
  }
}

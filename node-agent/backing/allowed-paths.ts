// Which paths may back a device: below one of the allowed directories, opened without following any link.
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

/** Decides by the text of the path alone; links are found when it is opened. Throws BackingRefused. */
export function resolveAllowed(path: string, roots: readonly string[]): AllowedPath {
  if (!posix.isAbsolute(path)) throw new BackingRefused('PathNotAllowed', `${path} is not an absolute path`);
  if (path.includes('\0')) throw new BackingRefused('PathNotAllowed', `the path contains a zero byte`);
  if (path.split('/').includes('..'))
    throw new BackingRefused('PathNotAllowed', `${path} contains "..", which is refused`);
  const normal = posix.normalize(path);
  for (const root of roots) {
    const directory = posix.normalize(`${root}/`);
    if (normal.startsWith(directory) && normal.length > directory.length && !normal.endsWith('/'))
      return { path: normal, root: directory, relative: normal.slice(directory.length) };
  }
  const list = roots.length === 0 ? 'none' : roots.join(', ');
  throw new BackingRefused(
    'PathNotAllowed',
    `${path} is not a file below an allowed directory (${list}); the administrator of the node adds one with --allow-path`,
  );
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

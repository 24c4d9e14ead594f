// Names a backing file so that it is known again later: under its path there may be another one by then.
import type { FileBacking } from './file.js';

/** JSON. */
export interface FileName {
  path: string;
  inode: string;
}

export function fileNameOf({ path, identity }: Pick<FileBacking, 'path' | 'identity'>): FileName {
  return { path, inode: String(identity.ino) };
}

export function names({ path, inode }: FileName, backing: Pick<FileBacking, 'path' | 'identity'>): boolean {
  return path === backing.path && inode === String(backing.identity.ino);
}

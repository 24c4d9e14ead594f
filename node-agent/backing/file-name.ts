// Names a backing so that it is known again later: under its path there may be another one by then.
import type { Backing } from './backing.js';

/** JSON. */
export interface FileName {
  path: string;
  /** The mark of the backing: of a file its inode. */
  inode: string;
}

export function fileNameOf({ path, mark }: Pick<Backing, 'path' | 'mark'>): FileName {
  return { path, inode: mark };
}

export function names({ path, inode }: FileName, backing: Pick<Backing, 'path' | 'mark'>): boolean {
  return path === backing.path && inode === backing.mark;
}

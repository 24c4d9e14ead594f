// Small files and directories, most of them the kernel's: what is asked for at one moment is read in one go.
import DataLoader from 'dataloader';
import { join } from 'node:path';
import { loadNative } from './index.js';
import type { DirectoryEntry } from './types.js';

/** Paths of files and directories below `root`. */
export interface ReadRequest {
  root: string;
  files: readonly string[];
  directories: readonly string[];
}

/** In the order of the paths; undefined is what isn't there. */
export interface Found {
  /** Trimmed. */
  files: (string | undefined)[];
  directories: (DirectoryEntry[] | undefined)[];
}

export async function readOne(request: ReadRequest): Promise<Found> {
  const [found] = await readAll([request]);
  return found ?? { files: [], directories: [] };
}

/** A look at a thousand files in one job of the thread pool takes a fraction of what a thousand jobs take. */
export async function readAll(requests: readonly ReadRequest[]): Promise<Found[]> {
  const below = (root: string, paths: readonly string[]) => paths.map((path) => join(root, path));
  const read = await loadNative().readNodes(
    requests.flatMap(({ root, files }) => below(root, files)),
    requests.flatMap(({ root, directories }) => below(root, directories)),
  );
  let file = 0;
  let directory = 0;
  return requests.map(({ files, directories }) => ({
    files: read.files.slice(file, (file += files.length)).map((text) => text?.trim()),
    directories: read.directories
      .slice(directory, (directory += directories.length))
      .map((entries) => entries ?? undefined),
  }));
}

/** Of each request what it comes to: one that fails fails no other. */
export function readEach(requests: readonly ReadRequest[]): Promise<PromiseSettledResult<Found>[]> {
  return readAll(requests).then(
    (found) => found.map((value) => ({ status: 'fulfilled' as const, value })),
    () => Promise.allSettled(requests.map(readOne)),
  );
}

/** What it came to; throws why it failed. */
export function foundOf(result: PromiseSettledResult<Found>): Found {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** Together with whoever else reads at this moment. */
export async function readTogether(request: ReadRequest): Promise<Found> {
  return foundOf(await loader.load(request));
}

const loader = new DataLoader(readEach, { cache: false });

// Writes a file so that a reader or a crash sees either the old content or the new one, never a part.
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { readTogether } from '../native/read-together.js';

/** durable: on the disk, name included, before it resolves. Otherwise only a process may die, not the machine. */
export async function writeAtomically(path: string, content: string, durable: boolean): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(content);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  if (durable) await syncDirectory(dirname(path));
}

/** The directory and those above it are there, and stay through a loss of power. */
export async function makeDirectoryDurably(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}

/** There is no such file, and it doesn't come back after a loss of power. */
export async function removeDurably(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncDirectory(dirname(path));
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The parsed content, or undefined where there is no file. Throws on anything that is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  const { files } = await readTogether({ root: dirname(path), files: [basename(path)], directories: [] });
  return files[0] === undefined ? undefined : (JSON.parse(files[0]) as unknown);
}

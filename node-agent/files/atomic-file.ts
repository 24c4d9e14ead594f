// Writes a file so that a reader or a crash sees either the old content or the new one, never a part.
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

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
  if (!durable) return;
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The parsed content, or undefined where there is no file. Throws on anything that is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

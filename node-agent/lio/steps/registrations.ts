// Registrations that outlive power loss (APTPL): LIO writes them to a file, and leaves it to others to give them back.
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { writeText } from '../../native/change-together.js';
import { readTogether } from '../../native/read-together.js';

/** Kernel, PR_APTPL_BUF_LEN: the file is never longer. */
const LONGEST_BYTES = 262_144;

/**
 * Gives a backstore, which no LUN leads to yet, the registrations that the kernel kept for its unit serial. Once only: the
 * kernel would take each again as another registration. Also makes the directory that the kernel keeps them in: without
 * it LIO fails every registration but the first, even those that need not be kept.
 *
 * `configfs` is where LIO's objects are, `path` the backstore's `pr/res_aptpl_metadata`.
 */
export async function restoreRegistrations(configfs: string, path: string, serial: string): Promise<void> {
  const [root] = (await readTogether({ root: configfs, files: ['dbroot'], directories: [] })).files;
  if (root === undefined) throw new Error(`${join(configfs, 'dbroot')} is missing`);
  const directory = join(root, 'pr');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const registration of parseKept(await readKept(directory, `aptpl_${serial}`))) {
    await writeText(path, registration);
  }
}

/**
 * What to write to `res_aptpl_metadata` for each registration in a file of the kernel's: what is between a line
 * `PR_REG_START: N` and a line `PR_REG_END: N`. One without its end was cut off and is no registration.
 */
export function parseKept(text: string): string[] {
  const found = text.matchAll(/^PR_REG_START: (\d+)\n((?:[a-z_]+=[^\n,]*\n)+)PR_REG_END: \1\n/gm);
  return [...found].map(([, , lines = '']) => lines.trim().replaceAll('\n', ','));
}

async function readKept(directory: string, name: string): Promise<string> {
  // Mostly there is none, which is seen together with the others'.
  const [start] = (await readTogether({ root: directory, files: [name], directories: [] })).files;
  if (start === undefined) return '';
  const file = await open(join(directory, name));
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_BYTES));
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

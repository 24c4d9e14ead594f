// The seed of a lone node's SCSI identities: made once, kept for ever, so that by-id names survive everything.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../files/atomic-file.js';

export class SetupIdConflict extends Error {
  readonly code = 'SetupIdConflict';
}

/**
 * The setup id of the state directory, made at the first start. A wanted one is kept there too; another one later would
 * change the identity of every disk, so it is refused.
 */
export async function setupIdOf(stateDir: string, wanted: string | undefined): Promise<string> {
  const path = join(stateDir, 'setup-id');
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (kept !== undefined) {
    const id = kept.trim();
    if (wanted === undefined || wanted === id) return id;
    throw new SetupIdConflict(
      `--setup-id is ${wanted}, but this node was set up with ${id} (${path}); another id would change the identity of every disk`,
    );
  }
  const id = wanted ?? randomUUID();
  await mkdir(stateDir, { recursive: true });
  await writeAtomically(path, `${id}\n`, true);
  return id;
}

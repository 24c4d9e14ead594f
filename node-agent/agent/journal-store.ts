// The journal on the host's disk: what the node should be, known before and without the API server.
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Journal } from './wish.js';

const VERSION = 1;

export class JournalUnreadable extends Error {
  readonly code = 'JournalUnreadable';
}

export class JournalStore {
  readonly path: string;

  constructor(stateDir: string) {
    this.path = join(stateDir, 'journal.json');
  }

  /** The journal, or undefined where none was ever written. Throws JournalUnreadable rather than guessing. */
  async read(): Promise<Journal | undefined> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new JournalUnreadable(`${this.path} can't be read`, { cause: error });
    }
    try {
      const { version, ...journal } = JSON.parse(text) as Journal & { version: number };
      if (version === VERSION) return journal;
      throw new Error(`version ${version}, this agent knows version ${VERSION}`);
    } catch (error) {
      throw new JournalUnreadable(
        `${this.path} is damaged or of another version; nothing on this node is changed. Move it away to start from the objects alone`,
        { cause: error },
      );
    }
  }

  /** Durable before it resolves: a kill or a power cut at any moment leaves the old journal or the new one. */
  async write(journal: Journal): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    await writeDurably(this.path, `${JSON.stringify({ version: VERSION, ...journal })}\n`);
  }
}

/** Atomic and durable replacement of a small file: temporary name, fsync, rename, fsync of the directory. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

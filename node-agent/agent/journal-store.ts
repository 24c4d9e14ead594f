// The journal on the host's disk: what the node should be, known before and without the API server.
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeAtomically } from '../files/atomic-file.js';
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
    await writeAtomically(this.path, `${JSON.stringify({ version: VERSION, ...journal })}\n`, true);
  }
}

// A write that must not be torn by the loss of power: on the disk in a file of its own before it begins, until it is done.
import { dirname, join } from 'node:path';
import type { Backing } from '../backing/backing.js';
import { fileNameOf, names, type FileName } from '../backing/file-name.js';
import { makeDirectoryDurably, readJson, removeDurably, writeAtomically } from '../files/atomic-file.js';

/** JSON of the file. */
interface JournalledWrite extends FileName {
  /** Bytes. */
  offset: number;
  /** Base64. */
  data: string;
}

export class WriteJournalFile {
  private readonly path: string;
  private begun = false;

  constructor(stateDirectory: string, uid: string) {
    this.path = join(stateDirectory, 'units', `${encodeURIComponent(uid)}.write`);
  }

  /** Resolves when the write will be made good whatever happens. */
  async begin(backing: Backing, offset: number, data: Uint8Array): Promise<void> {
    const write: JournalledWrite = { ...fileNameOf(backing), offset, data: Buffer.from(data).toString('base64') };
    await makeDirectoryDurably(dirname(this.path));
    this.begun = true;
    await writeAtomically(this.path, JSON.stringify(write), true);
  }

  /** Resolves when it can't come back: made good later, it would take away what was written since. */
  async end(): Promise<void> {
    if (!this.begun) return;
    await removeDurably(this.path);
    this.begun = false;
  }

  /** Makes good what was begun when the power was lost, or the engine died. False: it was begun on another file. */
  async makeGood(backing: Backing): Promise<boolean> {
    const write = (await readJson(this.path)) as JournalledWrite | undefined;
    if (write === undefined) return true;
    this.begun = true;
    const isSame = names(write, backing);
    if (isSame) await backing.medium.write(write.offset, Buffer.from(write.data, 'base64'), true);
    await this.end();
    return isSame;
  }
}

// What a logical unit must not forget through a reboot: one file per unit below the state directory.
import { dirname, join } from 'node:path';
import { makeDirectoryDurably, readJson, removeDurably, writeAtomically } from '../files/atomic-file.js';
import { durableState, type LogicalUnit, type UnitDurableState } from '../scsi/index.js';

export class DurableStateFile {
  readonly path: string;
  /** Content of the file; empty: there is none. */
  private saved = '';

  constructor(stateDirectory: string, uid: string) {
    this.path = join(stateDirectory, 'units', `${encodeURIComponent(uid)}.json`);
  }

  /** Nothing where there is none. Throws where it can't be read. */
  async load(): Promise<UnitDurableState | undefined> {
    const stored = (await readJson(this.path)) as UnitDurableState | undefined;
    this.saved = stored === undefined ? '' : JSON.stringify(stored);
    return stored;
  }

  /** Resolves when what the unit must not forget is on the disk. Calls must not overlap. Throws where it can't be written. */
  async save(unit: LogicalUnit): Promise<void> {
    const state = durableState(unit);
    const isEmpty =
      state.persistentReservations === null &&
      state.operation === null &&
      state.identifyingInformation === undefined &&
      Object.keys(state.modePages).length === 0;
    const content = isEmpty ? '' : JSON.stringify(state);
    if (content === this.saved) return;
    if (isEmpty) {
      await removeDurably(this.path);
    } else {
      await makeDirectoryDurably(dirname(this.path));
      await writeAtomically(this.path, content, true);
    }
    this.saved = content;
  }
}

// What a logical unit must not forget while the engine restarts: one file per unit, gone with a reboot.
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readJson, writeAtomically } from '../files/atomic-file.js';
import { snapshot, type LogicalUnit, type UnitSnapshot } from '../scsi/index.js';
import type { BegunWrite, ReplayRecords, StoredResult } from './replay-records.js';

export interface StoredRunState {
  /** The run directory may lie on a disk: what another boot left is void. */
  bootId: string;
  snapshot: UnitSnapshot;
  results: StoredResult[];
  begunWrite: BegunWrite | null;
}

export class RunStateFile {
  private readonly path: string;
  /** What load() found, until something else is in the file. */
  private found: string | undefined;
  private saved: { unit: LogicalUnit; version: number } | undefined;
  private writing: Promise<void> | undefined;

  constructor(
    runDirectory: string,
    uid: string,
    private readonly bootId: string,
  ) {
    this.path = join(runDirectory, 'units', `${encodeURIComponent(uid)}.json`);
  }

  /** Nothing where this boot has left none. Throws where it can't be read. */
  async load(): Promise<StoredRunState | undefined> {
    const stored = (await readJson(this.path)) as StoredRunState | undefined;
    this.found = stored && JSON.stringify(stored);
    return stored?.bootId === this.bootId ? stored : undefined;
  }

  /** load() found a file, and it is still that. */
  get left(): boolean {
    return this.found !== undefined;
  }

  /** Resolves when a state at least as new as the present one is in the file. */
  async save(unit: LogicalUnit, records: ReplayRecords): Promise<void> {
    // Both only ever go up, so their sum is as good as the pair.
    const wanted = unit.stateVersion + records.version;
    while (this.saved?.unit !== unit || this.saved.version < wanted) {
      if (this.writing === undefined)
        this.writing = this.write(unit, records).finally(() => (this.writing = undefined));
      await this.writing;
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }

  private async write(unit: LogicalUnit, { results, begunWrite, version }: ReplayRecords): Promise<void> {
    const written = unit.stateVersion + version;
    const stored: StoredRunState = {
      bootId: this.bootId,
      snapshot: snapshot(unit),
      results,
      begunWrite: begunWrite ?? null,
    };
    const content = JSON.stringify(stored);
    if (content !== this.found) {
      this.found = undefined;
      await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
      // Not durable: it need only outlive the process.
      await writeAtomically(this.path, content, false);
    }
    this.saved = { unit, version: written };
  }
}

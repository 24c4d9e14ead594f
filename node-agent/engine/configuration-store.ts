// Keeps the last configuration where the next engine finds it, so that it attaches without the agent.
import { join } from 'node:path';
import { PROTOCOL_VERSION, type EngineConfiguration } from '../protocol/types.js';
import { readJson, writeAtomically } from '../files/atomic-file.js';

export interface StoredConfiguration {
  protocolVersion: number;
  wanted: EngineConfiguration;
  /** With the units and rings that were still served although no longer wished for. */
  effective: EngineConfiguration;
}

export class ConfigurationStore {
  private readonly path: string;
  private writing: Promise<void> = Promise.resolve();

  constructor(runDirectory: string) {
    this.path = join(runDirectory, 'engine.json');
  }

  /** Nothing where there is none, or one of another version. Throws where it can't be read. */
  async load(): Promise<StoredConfiguration | undefined> {
    const stored = (await readJson(this.path)) as StoredConfiguration | undefined;
    return stored?.protocolVersion === PROTOCOL_VERSION ? stored : undefined;
  }

  /** One after the other: the last call's content is what stays. */
  async save(wanted: EngineConfiguration, effective: EngineConfiguration): Promise<void> {
    const stored: StoredConfiguration = { protocolVersion: PROTOCOL_VERSION, wanted, effective };
    const write = () => writeAtomically(this.path, JSON.stringify(stored), true);
    this.writing = this.writing.then(write, write);
    await this.writing;
  }
}

// Keeps the last configuration where the next engine finds it, so that it attaches without the agent.
import { join } from 'node:path';
import { PROTOCOL_VERSION, type EngineConfiguration } from '../protocol/types.js';
import { readJson, writeAtomically } from '../files/atomic-file.js';
import { ringKey } from './ring-kernel.js';

export interface StoredConfiguration {
  protocolVersion: number;
  wanted: EngineConfiguration;
  /** With the units and rings that were still served although no longer wished for. */
  effective: EngineConfiguration;
}

/**
 * The stored configuration, but that rings which were about to change hands stay where they are: the disk may be in use by
 * now, so the agent is to say it again.
 */
export function withoutHandOvers({ protocolVersion, wanted, effective }: StoredConfiguration): StoredConfiguration {
  const holders = new Map<string, string[]>();
  for (const { uid, rings } of effective.units)
    for (const key of rings.map(ringKey)) holders.set(key, [...(holders.get(key) ?? []), uid]);
  const keeping = (configuration: EngineConfiguration): EngineConfiguration => ({
    ...configuration,
    units: configuration.units.map((unit) => {
      const stays = (key: string) =>
        !wantedBy(wanted, unit.uid, key) || !holders.get(key)?.some((uid) => uid !== unit.uid);
      return { ...unit, rings: unit.rings.filter((ring) => stays(ringKey(ring))) };
    }),
  });
  return { protocolVersion, wanted: keeping(wanted), effective: keeping(effective) };
}

function wantedBy({ units }: EngineConfiguration, of: string, key: string): boolean {
  return units.some(({ uid, rings }) => uid === of && rings.some((ring) => ringKey(ring) === key));
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

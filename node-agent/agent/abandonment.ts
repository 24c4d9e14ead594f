// LUNs that have to go (deletionPolicy: Force) while there is no engine to answer the commands of their removal.
import type { Logger } from 'pino';
import { HBA, type ObservedLio } from '../lio/index.js';
import type { EngineStatus } from '../protocol/types.js';
import { leavingLuns } from './desire.js';
import { isForced } from './tombstones.js';
import type { Journal } from './wish.js';

export interface AbandonmentOptions {
  /** Time that an engine has to come back: by then the kernel has ended the commands that were in flight. */
  ioTimeoutSeconds: number;
  now: () => Date;
  /** So that the removal sends no SYNCHRONIZE CACHE. */
  forgetWriteCache: (hctl: string) => Promise<void>;
  log: Logger;
}

const NONE: ReadonlySet<string> = new Set();

export class Abandonment {
  private absentSince: number | undefined;

  constructor(private readonly options: AbandonmentOptions) {}

  /** Backstores to unlink without an engine: what their disks still hold in caches is lost, which Force accepts. */
  async unattended(
    journal: Journal,
    observed: ObservedLio,
    engine: EngineStatus | undefined,
  ): Promise<ReadonlySet<string>> {
    const { ioTimeoutSeconds, now, forgetWriteCache, log } = this.options;
    if (engine !== undefined) {
      this.absentSince = undefined;
      return NONE;
    }
    this.absentSince ??= now().getTime();
    if (now().getTime() - this.absentSince < ioTimeoutSeconds * 1000) return NONE;
    // LIO answers by itself for what it serves.
    const rings = leavingLuns(journal, observed).filter(({ hba }) => hba === HBA);
    const forced = rings.filter(({ backstore }) => isForced(journal, backstore));
    for (const { backstore, hctl } of forced) {
      // Its device has gone already.
      if (hctl === undefined) continue;
      log.warn({ backstore, hctl }, 'removed by force without an engine');
      await forgetWriteCache(hctl).catch((error: Error) => log.warn({ hctl, error: error.message }, 'cache type'));
    }
    return new Set(forced.map(({ backstore }) => backstore));
  }
}

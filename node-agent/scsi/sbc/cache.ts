// SYNCHRONIZE CACHE and START STOP UNIT (SBC-3 5.22, 5.23, 5.25): both end in a flush of the medium.
import { byteAt } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import { mediumAbsence, type LogicalUnit } from '../spc/logical-unit.js';
import { writeCacheEnabled } from '../spc/mode-pages.js';
import { ejectMedium, loadMedium } from '../spc/medium-loading.js';
import { CheckCondition, invalidFieldInCdb } from '../spc/sense.js';
import { blockRange, mediumWith } from './block-range.js';

/** Flushes everything, whatever the range, and before GOOD also with IMMED (both allowed by SBC-3). */
export async function synchronizeCache({ unit, cdb }: Command): Promise<void> {
  mediumWith(unit, blockRange(cdb));
  await flush(unit);
}

const POWER_CONDITION = 0xf0;
const NO_FLUSH = 0x04;
const LOEJ = 0x02;
const START = 0x01;

/**
 * A power condition changes nothing but the cache's content: there's nothing to stop. A unit that is stopped stays ready,
 * as SCST's. LOEJ takes the medium of a removable unit out and back; of others it is an error.
 */
export async function startStopUnit({ unit, nexus, cdb }: Command): Promise<void> {
  const operation = byteAt(cdb, 4);
  const powerCondition = (operation & POWER_CONDITION) !== 0;
  const movesMedium = !powerCondition && (operation & LOEJ) !== 0;
  const starts = !powerCondition && (operation & START) !== 0;
  if (movesMedium && !starts && !unit.settings.removable) throw invalidFieldInCdb(4, 1);
  if (starts && movesMedium) loadMedium(unit, nexus.id);
  if (!unit.medium && !(movesMedium && !starts)) throw new CheckCondition(mediumAbsence(unit));
  if (starts) return;
  if ((operation & NO_FLUSH) === 0) await flush(unit);
  if (movesMedium) ejectMedium(unit);
}

/** SBC-2 table 4: only a plain START passes a reservation. */
export function startsOnly(cdb: Uint8Array): boolean {
  return (byteAt(cdb, 4) & (POWER_CONDITION | START)) === START;
}

/** Ends a change of the medium that has no FUA: without a write cache it must be on the disk before GOOD. */
export async function flushUnlessCached(unit: LogicalUnit): Promise<void> {
  if (!writeCacheEnabled(unit)) await flush(unit);
}

async function flush({ medium, settings }: LogicalUnit): Promise<void> {
  if (!settings.nvCache) await medium?.flush();
}

// SYNCHRONIZE CACHE and START STOP UNIT (SBC-3 5.22, 5.23, 5.25): both end in a flush of the medium.
import { byteAt } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import type { LogicalUnit } from '../spc/logical-unit.js';
import { writeCacheEnabled } from '../spc/mode-pages.js';
import { invalidFieldInCdb } from '../spc/sense.js';
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

/** The medium stays where it is, so what would move it or change the power condition is refused. */
export async function startStopUnit({ unit, cdb }: Command): Promise<void> {
  const operation = byteAt(cdb, 4);
  if (operation & POWER_CONDITION) throw invalidFieldInCdb(4, 7);
  if (operation & START) return;
  if (operation & LOEJ) throw invalidFieldInCdb(4, 1);
  if ((operation & NO_FLUSH) === 0) await flush(unit);
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

// TEST UNIT READY and REQUEST SENSE.
import { byteAt } from './bytes.js';
import type { Command } from './command.js';
import { mediumAbsence, type LogicalUnit } from './logical-unit.js';
import { operationSense } from './operation.js';
import { encodeSense, SENSE, SENSE_KEY, type SenseData } from './sense.js';
import { takeAttention } from './unit-attentions.js';

/** What makes a unit not ready is checked for every such command alike, by `needsMedium`. */
export function testUnitReady(): void {}

const DESC = 0x01;

/** SPC-4 6.39: a pending unit attention is reported as data, and thereby cleared; GOOD either way. */
export function requestSense({ unit, nexus, cdb }: Command): Uint8Array {
  const attention = takeAttention(unit, nexus);
  const sense: SenseData = attention ? { key: SENSE_KEY.unitAttention, ...attention } : idleSense(unit);
  return encodeSense(sense, (byteAt(cdb, 1) & DESC) !== 0).subarray(0, byteAt(cdb, 4));
}

function idleSense(unit: LogicalUnit): SenseData {
  const { medium, operation } = unit;
  if (operation) return operationSense(operation, medium?.blocks ?? 0n);
  return medium ? SENSE.noSense : mediumAbsence(unit);
}

// LOG SENSE (SPC-4 6.8).
import { byteAt, bytes16, concat, uint16 } from './bytes.js';
import type { Command } from './command.js';
import { invalidFieldInCdb } from './sense.js';

/** Parameters are not saved, and there's no list of changed ones. */
const PPC_AND_SP = 0x03;
const PAGE_CODE = 0x3f;
const PARAMETER_HEADER = 4;

/** All page control values show the same: thresholds and defaults don't differ from what is. */
export function logSense({ unit, cdb }: Command): Uint8Array {
  if (byteAt(cdb, 1) & PPC_AND_SP) throw invalidFieldInCdb(1, 1);
  const code = byteAt(cdb, 2) & PAGE_CODE;
  const page = unit.personality.logPages.find((candidate) => candidate.code === code);
  if (!page) throw invalidFieldInCdb(2, 5);
  if (byteAt(cdb, 3) !== 0) throw invalidFieldInCdb(3);
  const parameters = code === 0 ? page.parameters(unit) : from(page.parameters(unit), uint16(cdb, 5));
  return concat([code, 0], bytes16(parameters.length), parameters).subarray(0, uint16(cdb, 7));
}

/** The parameters from the code on that PARAMETER POINTER names; beyond the last one is an error. */
function from(parameters: Uint8Array, pointer: number): Uint8Array {
  let at = 0;
  while (at < parameters.length && uint16(parameters, at) < pointer) {
    at += PARAMETER_HEADER + byteAt(parameters, at + 3);
  }
  if (at >= parameters.length) throw invalidFieldInCdb(5);
  return parameters.subarray(at);
}

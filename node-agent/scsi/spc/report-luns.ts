// REPORT LUNS (SPC-4 6.33). The kernel's target core answers it for a ring; this one sees a unit of its own only.
import { byteAt, putUint32, uint32 } from './bytes.js';
import type { Command } from './command.js';
import { invalidFieldInCdb } from './sense.js';

const LUN_LENGTH = 8;
const SELECT_REPORT = { addressable: 0, wellKnown: 1, all: 2 } as const;

export function reportLuns({ cdb }: Command): Uint8Array {
  const selectReport = byteAt(cdb, 2);
  if (selectReport > SELECT_REPORT.all) throw invalidFieldInCdb(2);
  const listLength = selectReport === SELECT_REPORT.wellKnown ? 0 : LUN_LENGTH;
  const data = new Uint8Array(8 + listLength);
  putUint32(data, 0, listLength);
  return data.subarray(0, uint32(cdb, 6));
}

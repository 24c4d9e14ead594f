// READ DEFECT DATA (SBC-3 5.17, 5.18): a file has no defects, so both lists are there and empty.
import { byteAt, uint16, uint32 } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';

/** REQ_PLIST, REQ_GLIST and the format of the list. */
const REQUEST = 0x1f;

/** The lists that were asked for, in the format that was asked for, with a length of 0. */
export function readDefectData10({ cdb }: Command): Uint8Array {
  return Uint8Array.of(0, byteAt(cdb, 2) & REQUEST, 0, 0).subarray(0, uint16(cdb, 7));
}

export function readDefectData12({ cdb }: Command): Uint8Array {
  return Uint8Array.of(0, byteAt(cdb, 1) & REQUEST, 0, 0, 0, 0, 0, 0).subarray(0, uint32(cdb, 6));
}

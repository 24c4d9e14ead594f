// FORMAT UNIT (SBC-3 5.4): the whole medium reads as zeros afterwards.
import { byteAt, uint16, uint32 } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import { beginOperation } from '../spc/operation.js';
import { CheckCondition, invalidFieldInCdb, invalidFieldInParameterList, SENSE } from '../spc/sense.js';
import { eraseNow } from './erasure.js';

const FMTPINFO = 0xc0;
const LONGLIST = 0x20;
const FMTDATA = 0x10;
const SHORT_HEADER = 4;
const LONG_HEADER = 8;
/** Of the parameter list's byte 1. */
const INITIALIZATION_PATTERN = 0x08;
const IMMED = 0x02;

/** There are no defects to list and no protection information, so nothing of that may be asked for. */
export async function formatUnit({ unit, cdb, dataOut }: Command): Promise<void> {
  const flags = byteAt(cdb, 1);
  if (flags & FMTPINFO) throw invalidFieldInCdb(1, 7);
  const immediate = flags & FMTDATA ? checkList(dataOut, (flags & LONGLIST) !== 0) : false;
  beginOperation(unit, { kind: 'format', passes: 1, inverts: false });
  if (!immediate) await eraseNow(unit);
  if (unit.operation?.failed) throw new CheckCondition(SENSE.formatCommandFailed);
}

/** IMMED of the parameter list. */
function checkList(list: Uint8Array, long: boolean): boolean {
  if (list.length < (long ? LONG_HEADER : SHORT_HEADER)) throw new CheckCondition(SENSE.parameterListLengthError);
  const flags = byteAt(list, 1);
  if (flags & INITIALIZATION_PATTERN) throw invalidFieldInParameterList(1, 3);
  const defects = long ? uint32(list, 4) : uint16(list, 2);
  if (defects !== 0) throw invalidFieldInParameterList(long ? 4 : 2);
  return (flags & IMMED) !== 0;
}

// LOG SELECT (SPC-4 6.7): nothing that our log pages tell accumulates or can be set, so it only ever checks.
import { byteAt, uint16 } from './bytes.js';
import type { Command } from './command.js';
import type { LogicalUnit } from './logical-unit.js';
import { CheckCondition, invalidFieldInCdb, invalidFieldInParameterList, SENSE } from './sense.js';

const PCR = 0x02;
const SP = 0x01;
const PAGE_CODE = 0x3f;
const SPF = 0x40;
const PAGE_HEADER = 4;

export function logSelect({ unit, cdb, dataOut }: Command): void {
  const length = uint16(cdb, 7);
  if (byteAt(cdb, 1) & SP) throw invalidFieldInCdb(1, 0);
  if (byteAt(cdb, 1) & PCR && length > 0) throw invalidFieldInCdb(1, 1);
  const [code, subpage] = [byteAt(cdb, 2) & PAGE_CODE, byteAt(cdb, 3)];
  // A list names its pages itself.
  if (code !== 0 && (length > 0 || !hasPage(unit, code))) throw invalidFieldInCdb(2, 5);
  if (subpage !== 0) throw invalidFieldInCdb(3);
  if (length > dataOut.length) throw new CheckCondition(SENSE.parameterListLengthError);
  checkPages(unit, dataOut.subarray(0, length));
}

function checkPages(unit: LogicalUnit, list: Uint8Array): void {
  let former = -1;
  for (let at = 0; at < list.length; at += PAGE_HEADER) {
    if (at + PAGE_HEADER > list.length) throw new CheckCondition(SENSE.parameterListLengthError);
    const code = byteAt(list, at) & PAGE_CODE;
    if (byteAt(list, at) & SPF || code <= former || !hasPage(unit, code)) throw invalidFieldInParameterList(at);
    // FORMAT AND LINKING of all our parameters says that they can't be set.
    const length = uint16(list, at + 2);
    if (at + PAGE_HEADER + length > list.length) throw new CheckCondition(SENSE.parameterListLengthError);
    if (length > 0) throw invalidFieldInParameterList(at + PAGE_HEADER);
    former = code;
  }
}

function hasPage({ personality }: LogicalUnit, code: number): boolean {
  return personality.logPages.some((page) => page.code === code);
}

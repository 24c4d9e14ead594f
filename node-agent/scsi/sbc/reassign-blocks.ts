// REASSIGN BLOCKS (SBC-3 5.19): a file has no defective blocks, so each keeps its place and its data.
import { byteAt, uint16, uint32, uint64 } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import { CheckCondition, invalidFieldInParameterList, SENSE } from '../spc/sense.js';
import { mediumWith } from './block-range.js';

const LONGLBA = 0x02;
const LONGLIST = 0x01;
const HEADER = 4;

export function reassignBlocks({ unit, cdb, dataOut }: Command): void {
  if (dataOut.length < HEADER) throw new CheckCondition(SENSE.parameterListLengthError);
  const flags = byteAt(cdb, 1);
  const size = flags & LONGLBA ? 8 : 4;
  const length = flags & LONGLIST ? uint32(dataOut, 0) : uint16(dataOut, 2);
  if (length % size !== 0) throw invalidFieldInParameterList(flags & LONGLIST ? 0 : 2);
  if (HEADER + length > dataOut.length) throw new CheckCondition(SENSE.parameterListLengthError);
  for (let at = HEADER; at < HEADER + length; at += size) {
    const lba = size === 8 ? uint64(dataOut, at) : BigInt(uint32(dataOut, at));
    mediumWith(unit, { lba, blocks: 1, lengthField: 0 });
  }
}

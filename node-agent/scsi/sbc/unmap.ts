// UNMAP (SBC-3 5.37): gives the space of block ranges back; what was given back reads as zeros.
import { byteAt, uint16, uint32, uint64 } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import { CheckCondition, invalidFieldInCdb, invalidFieldInParameterList, SENSE } from '../spc/sense.js';
import { mediumWith, withInformation, type BlockRange } from './block-range.js';
import { maximumUnmapBlocks } from './limits.js';
import { flushUnlessCached } from './cache.js';

const ANCHOR = 0x01;
const HEADER = 8;
const DESCRIPTOR = 16;
/** Byte of the UNMAP BLOCK DESCRIPTOR DATA LENGTH, and of the number of blocks in a descriptor. */
const DESCRIPTORS_LENGTH = 2;
const BLOCKS = 8;

/** Every range is checked before the first is given back. */
export async function unmap({ unit, cdb, dataOut }: Command): Promise<void> {
  if (byteAt(cdb, 1) & ANCHOR) throw invalidFieldInCdb(1, 0);
  const length = uint16(cdb, 7);
  if (length === 0) return;
  if (length < HEADER || dataOut.length < length) throw new CheckCondition(SENSE.parameterListLengthError);
  const ranges = rangesOf(dataOut.subarray(0, length), maximumUnmapBlocks(unit.blockSize));
  for (const range of ranges) mediumWith(unit, range);
  for (const range of ranges) {
    const medium = mediumWith(unit, range);
    const offset = Number(range.lba) * medium.blockSize;
    await withInformation(range.lba, medium.discard(offset, range.blocks * medium.blockSize));
  }
  if (ranges.length > 0) await flushUnlessCached(unit);
}

/** An incomplete descriptor at the end is left out (SBC-3 5.37.2). */
function rangesOf(list: Uint8Array, maximum: number): BlockRange[] {
  const end = HEADER + Math.min(uint16(list, DESCRIPTORS_LENGTH), list.length - HEADER);
  const ranges: BlockRange[] = [];
  let total = 0;
  for (let at = HEADER; at + DESCRIPTOR <= end; at += DESCRIPTOR) {
    const range = { lba: uint64(list, at), blocks: uint32(list, at + BLOCKS), lengthField: at + BLOCKS };
    total += range.blocks;
    if (total > maximum) throw invalidFieldInParameterList(at + BLOCKS);
    if (range.blocks > 0) ranges.push(range);
  }
  return ranges;
}

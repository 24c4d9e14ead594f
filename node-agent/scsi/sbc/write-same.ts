// WRITE SAME(10) and (16) (SBC-3 5.45): one block for a whole range, or the space of the range given back.
import { byteAt } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import { invalidFieldInCdb } from '../spc/sense.js';
import type { Medium } from '../types.js';
import { blockRange, mediumWith, rejectProtection, withInformation, type BlockRange } from './block-range.js';
import { flushUnlessCached } from './cache.js';
import { MAXIMUM_WRITE_SAME_BLOCKS } from './limits.js';

const ANCHOR = 0x10;
const UNMAP = 0x08;
/** Obsolete: the block's LBA, or the sector of a physical address, in each block. */
const PBDATA = 0x04;
const LBDATA = 0x02;
/** WRITE SAME(16): no Data-Out, the block is zeros. */
const NDOB = 0x01;
/** Bytes that are written at once. */
const CHUNK = 1_048_576;

/** What is unmapped reads as zeros (LBPRZ), so a block of other bytes is written even with UNMAP. */
export async function writeSame({ unit, cdb, dataOut }: Command): Promise<void> {
  rejectProtection(cdb);
  const flags = byteAt(cdb, 1);
  const mayUnmap = (flags & UNMAP) !== 0;
  if (flags & ANCHOR) throw invalidFieldInCdb(1, 4);
  if (mayUnmap && !unit.settings.thinProvisioned) throw invalidFieldInCdb(1, 3);
  if (flags & (PBDATA | LBDATA)) throw invalidFieldInCdb(1, 2);
  const withoutData = cdb.length === 16 && (flags & NDOB) !== 0;
  const range = blockRange(cdb);
  // WSNZ: no blocks doesn't mean all.
  if (range.blocks === 0 || range.blocks > MAXIMUM_WRITE_SAME_BLOCKS) {
    throw invalidFieldInCdb(range.lengthField);
  }
  const medium = mediumWith(unit, range);
  // More than one block could have been meant for a WRITE.
  if (!withoutData && dataOut.length !== medium.blockSize) throw invalidFieldInCdb(range.lengthField);
  const block = withoutData ? new Uint8Array(medium.blockSize) : dataOut;
  await withInformation(range.lba, repeat(medium, range, block, mayUnmap));
  await flushUnlessCached(unit);
}

async function repeat(medium: Medium, range: BlockRange, block: Uint8Array, mayUnmap: boolean): Promise<void> {
  const offset = Number(range.lba) * medium.blockSize;
  const length = range.blocks * medium.blockSize;
  if (block.every((byte) => byte === 0)) {
    return mayUnmap ? await medium.discard(offset, length) : await medium.zero(offset, length);
  }
  const chunk = new Uint8Array(Math.min(length, CHUNK));
  for (let at = 0; at < chunk.length; at += block.length) chunk.set(block, at);
  for (let done = 0; done < length; done += chunk.length) {
    await medium.write(offset + done, chunk.subarray(0, Math.min(chunk.length, length - done)), false);
  }
}

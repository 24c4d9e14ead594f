// WRITE ATOMIC(16) (SBC-4 5.50): all of it is on the medium or nothing, even after the power was lost in the middle.
import { uint16, uint64 } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import { invalidFieldInCdb } from '../spc/sense.js';
import { mediumWith, rejectProtection, withInformation } from './block-range.js';
import { maximumAtomicBlocks } from './limits.js';

const BOUNDARY = 10;
const LENGTH = 12;

/** Always durable: what is written stays in the journal until it is on the disk. */
export async function writeAtomic({ unit, cdb, dataOut, journal }: Command): Promise<void> {
  rejectProtection(cdb);
  if (uint16(cdb, BOUNDARY) !== 0) throw invalidFieldInCdb(BOUNDARY);
  const range = { lba: uint64(cdb, 2), blocks: uint16(cdb, LENGTH), lengthField: LENGTH };
  if (range.blocks > maximumAtomicBlocks(unit.blockSize)) throw invalidFieldInCdb(LENGTH);
  const medium = mediumWith(unit, range);
  const length = range.blocks * medium.blockSize;
  if (dataOut.length < length) throw invalidFieldInCdb(LENGTH);
  if (length === 0) return;
  const offset = Number(range.lba) * medium.blockSize;
  const data = dataOut.subarray(0, length);
  await journal.begin(offset, data, 'throughPowerLoss');
  await withInformation(range.lba, medium.write(offset, data, true));
}

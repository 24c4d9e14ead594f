// COMPARE AND WRITE (SBC-3 5.3): alone on the unit, so that it is atomic for every nexus.
import { byteAt, uint64 } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import { CheckCondition, invalidFieldInCdb, SENSE } from '../spc/sense.js';
import { mediumWith, rejectProtection, withInformation } from './block-range.js';
import { mustBeDurable } from './read-write.js';

/** Byte of the number of blocks. */
const BLOCKS = 13;

/** Data-Out: what must be there, then what to write in its place. INFORMATION tells the first byte that differs. */
export async function compareAndWrite({ unit, cdb, dataOut, journal }: Command): Promise<void> {
  rejectProtection(cdb);
  const range = { lba: uint64(cdb, 2), blocks: byteAt(cdb, BLOCKS), lengthField: BLOCKS };
  const medium = mediumWith(unit, range);
  const length = range.blocks * medium.blockSize;
  if (dataOut.length < 2 * length) throw invalidFieldInCdb(BLOCKS);
  if (length === 0) return;
  const offset = Number(range.lba) * medium.blockSize;
  const actual = new Uint8Array(length);
  await withInformation(range.lba, medium.read(offset, actual));
  const differs = actual.findIndex((byte, at) => byte !== dataOut[at]);
  if (differs >= 0) throw new CheckCondition({ ...SENSE.miscompare, information: BigInt(differs) });
  const data = dataOut.subarray(length, 2 * length);
  await journal.begin(offset, data, 'throughEngineDeath');
  await withInformation(range.lba, medium.write(offset, data, mustBeDurable(unit, cdb)));
}

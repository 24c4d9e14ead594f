// VERIFY (SBC-3 5.28 to 5.30): reads, and compares where BYTCHK asks for it; never writes.
import { byteAt } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import { CheckCondition, invalidFieldInCdb, SENSE } from '../spc/sense.js';
import { blockRange, mediumWith, rejectProtection, withInformation } from './block-range.js';

/** 00b: the medium is only read; 01b: Data-Out holds every block; 11b: Data-Out holds one block for all. */
const BYTCHK = { mediumOnly: 0, everyBlock: 1, reserved: 2, oneBlock: 3 } as const;
/** Bytes that are read at once: a whole disk may be verified by one command. */
const CHUNK = 1_048_576;

export async function verify({ unit, cdb, dataOut }: Command): Promise<void> {
  rejectProtection(cdb);
  const bytchk = (byteAt(cdb, 1) >> 1) & 0x03;
  if (bytchk === BYTCHK.reserved) throw invalidFieldInCdb(1, 2);
  const range = blockRange(cdb);
  const medium = mediumWith(unit, range);
  const length = range.blocks * medium.blockSize;
  const compared = bytchk === BYTCHK.mediumOnly ? 0 : bytchk === BYTCHK.oneBlock ? medium.blockSize : length;
  if (length > 0 && dataOut.length < compared) throw invalidFieldInCdb(range.lengthField);
  const expected = dataOut.subarray(0, compared);
  for (let done = 0; done < length; done += CHUNK) {
    const data = new Uint8Array(Math.min(CHUNK, length - done));
    const lba = range.lba + BigInt(done / medium.blockSize);
    await withInformation(lba, medium.read(Number(range.lba) * medium.blockSize + done, data));
    if (compared > 0) compare(data, expected, done);
  }
}

/** INFORMATION is the offset of the first byte that differs, from the start of the range. */
function compare(data: Uint8Array, expected: Uint8Array, offset: number): void {
  const differs = data.findIndex((byte, at) => byte !== expected[(offset + at) % expected.length]);
  if (differs >= 0) throw new CheckCondition({ ...SENSE.miscompare, information: BigInt(offset + differs) });
}

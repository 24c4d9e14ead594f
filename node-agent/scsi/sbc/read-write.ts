// READ and WRITE (SBC-3 5.10 to 5.13, 5.31 to 5.34): the slow path, for what the native fast path hands over.
import { byteAt } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import type { LogicalUnit } from '../spc/logical-unit.js';
import { writeCacheEnabled } from '../spc/mode-pages.js';
import { invalidFieldInCdb } from '../spc/sense.js';
import { blockRange, mediumWith, rejectProtection, withInformation } from './block-range.js';

const FUA = 0x08;

/** Reads no more than the transport can take; FUA changes nothing, since what is read is what was written last. */
export async function read({ unit, cdb, dataInLength }: Command): Promise<Uint8Array> {
  rejectProtection(cdb);
  const range = blockRange(cdb);
  const medium = mediumWith(unit, range);
  const wanted = Math.min(range.blocks * medium.blockSize, dataInLength);
  const data = new Uint8Array(Math.ceil(wanted / medium.blockSize) * medium.blockSize);
  const offset = Number(range.lba) * medium.blockSize;
  if (data.length > 0) await withInformation(range.lba, medium.read(offset, data));
  return data.subarray(0, wanted);
}

/** Writes the blocks that the CDB names: more data is left alone, less is refused before anything is written. */
export async function write({ unit, cdb, dataOut }: Command): Promise<void> {
  rejectProtection(cdb);
  const range = blockRange(cdb);
  const medium = mediumWith(unit, range);
  const length = range.blocks * medium.blockSize;
  if (dataOut.length < length) throw invalidFieldInCdb(range.lengthField);
  if (length === 0) return;
  const offset = Number(range.lba) * medium.blockSize;
  await withInformation(range.lba, medium.write(offset, dataOut.subarray(0, length), mustBeDurable(unit, cdb)));
}

/** Whether what a CDB with FUA at the usual place writes has to be on the disk before GOOD. */
export function mustBeDurable(unit: LogicalUnit, cdb: Uint8Array): boolean {
  const forced = cdb.length > 6 && (byteAt(cdb, 1) & FUA) !== 0;
  return !unit.settings.nvCache && (forced || !writeCacheEnabled(unit));
}

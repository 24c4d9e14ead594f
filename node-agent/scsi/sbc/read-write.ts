// READ and WRITE (SBC-3 5.10 to 5.13, 5.31 to 5.34): the slow path, for what the native fast path hands over.
import { byteAt } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import type { LogicalUnit } from '../spc/logical-unit.js';
import { writeCacheEnabled } from '../spc/mode-pages.js';
import { invalidFieldInCdb } from '../spc/sense.js';
import type { Medium } from '../types.js';
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
export async function write(command: Command): Promise<void> {
  const { unit, cdb } = command;
  rejectProtection(cdb);
  const { lba, medium, offset, data } = dataToWrite(command);
  if (data.length === 0) return;
  await withInformation(lba, medium.write(offset, data, mustBeDurable(unit, cdb)));
}

/** The blocks that a CDB with Data-Out names, and where they go. `offset` in bytes. */
export function dataToWrite({ unit, cdb, dataOut }: Command): {
  lba: bigint;
  medium: Medium;
  offset: number;
  data: Uint8Array;
} {
  const range = blockRange(cdb);
  const medium = mediumWith(unit, range);
  const length = range.blocks * medium.blockSize;
  if (dataOut.length < length) throw invalidFieldInCdb(range.lengthField);
  return { lba: range.lba, medium, offset: Number(range.lba) * medium.blockSize, data: dataOut.subarray(0, length) };
}

/** Whether what a CDB with FUA at the usual place writes has to be on the disk before GOOD. */
export function mustBeDurable(unit: LogicalUnit, cdb: Uint8Array): boolean {
  const forced = cdb.length > 6 && (byteAt(cdb, 1) & FUA) !== 0;
  return !unit.settings.nvCache && (forced || !writeCacheEnabled(unit));
}

// Writes that read as well: WRITE AND VERIFY (SBC-3 5.46 to 5.48) and ORWRITE (SBC-3 5.9). They run alone on the unit.
import { byteAt } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import { CheckCondition, invalidFieldInCdb, SENSE } from '../spc/sense.js';
import { rejectProtection, withInformation } from './block-range.js';
import { dataToWrite, mustBeDurable } from './read-write.js';

/** BYTCHK: the two values with one block of Data-Out or none belong to VERIFY only. */
const EVERY_BLOCK = 1;

/** What was written is read back from the medium, and compared with Data-Out where BYTCHK asks for it. */
export async function writeAndVerify(command: Command): Promise<void> {
  const { unit, cdb } = command;
  rejectProtection(cdb);
  const bytchk = (byteAt(cdb, 1) >> 1) & 0x03;
  if (bytchk > EVERY_BLOCK) throw invalidFieldInCdb(1, 2);
  const { lba, medium, offset, data } = dataToWrite(command);
  if (data.length === 0) return;
  const written = new Uint8Array(data.length);
  await withInformation(lba, medium.write(offset, data, !unit.settings.nvCache));
  await withInformation(lba, medium.read(offset, written));
  const differs = bytchk === EVERY_BLOCK ? data.findIndex((byte, at) => byte !== written[at]) : -1;
  if (differs >= 0) throw new CheckCondition({ ...SENSE.miscompare, information: BigInt(differs) });
}

/** Executed twice it does what it does once, so a command that is issued again after the engine's death does no harm. */
export async function orWrite(command: Command): Promise<void> {
  const { unit, cdb } = command;
  rejectProtection(cdb);
  const { lba, medium, offset, data } = dataToWrite(command);
  if (data.length === 0) return;
  const merged = new Uint8Array(data.length);
  await withInformation(lba, medium.read(offset, merged));
  for (let at = 0; at < merged.length; at += 1) merged[at] = byteAt(merged, at) | byteAt(data, at);
  await withInformation(lba, medium.write(offset, merged, mustBeDurable(unit, cdb)));
}

// Which blocks a CDB addresses, and access to them.
import { byteAt, uint16, uint24, uint32, uint64 } from '../spc/bytes.js';
import { mediumAbsence, type LogicalUnit } from '../spc/logical-unit.js';
import { CheckCondition, invalidFieldInCdb, mediumErrorSense, SENSE } from '../spc/sense.js';
import { MediumError, type Medium } from '../types.js';

export interface BlockRange {
  lba: bigint;
  blocks: number;
  /** First byte of the field that holds the number of blocks. */
  lengthField: number;
}

/** By the length of the CDB, which SBC lays out alike for all commands of a group. In 6 bytes, 0 means 256 blocks. */
export function blockRange(cdb: Uint8Array): BlockRange {
  switch (cdb.length) {
    case 6:
      return { lba: BigInt(uint24(cdb, 1) & 0x1f_ffff), blocks: byteAt(cdb, 4) || 256, lengthField: 4 };
    case 10:
      return { lba: BigInt(uint32(cdb, 2)), blocks: uint16(cdb, 7), lengthField: 7 };
    case 12:
      return { lba: BigInt(uint32(cdb, 2)), blocks: uint32(cdb, 6), lengthField: 6 };
    default:
      return { lba: uint64(cdb, 2), blocks: uint32(cdb, 10), lengthField: 10 };
  }
}

const PROTECT = 0xe0;

/** RDPROTECT, WRPROTECT, VRPROTECT: there is no protection information. A CDB of 6 bytes has no such field. */
export function rejectProtection(cdb: Uint8Array): void {
  if (cdb.length > 6 && byteAt(cdb, 1) & PROTECT) throw invalidFieldInCdb(1, 7);
}

/** The medium, if it has all of the range. An LBA beyond the last is out of range also with no blocks (SBC-3 4.4.1). */
export function mediumWith(unit: LogicalUnit, { lba, blocks }: BlockRange): Medium {
  if (!unit.medium) throw new CheckCondition(mediumAbsence(unit));
  if (lba >= unit.medium.blocks || lba + BigInt(blocks) > unit.medium.blocks) {
    throw new CheckCondition(SENSE.blockOutOfRange);
  }
  return unit.medium;
}

/** Adds the LBA that the access began with to the sense of a failure. */
export async function withInformation(lba: bigint, access: Promise<void>): Promise<void> {
  try {
    await access;
  } catch (error) {
    throw error instanceof MediumError ? new CheckCondition(mediumErrorSense(error, lba), { cause: error }) : error;
  }
}

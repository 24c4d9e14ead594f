// READ CAPACITY(10) and (16) (SBC-3 5.15, 5.16).
import { byteAt, putUint32, putUint64, uint32, uint64 } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import type { LogicalUnit } from '../spc/logical-unit.js';
import { invalidFieldInCdb } from '../spc/sense.js';

const PMI = 0x01;
const LBA_MAX = 0xffff_ffffn;

/** FFFFFFFFh tells the initiator to ask with READ CAPACITY(16). */
export function readCapacity10({ unit, cdb }: Command): Uint8Array {
  if ((byteAt(cdb, 8) & PMI) === 0 && uint32(cdb, 2) !== 0) throw invalidFieldInCdb(2);
  const last = lastBlock(unit);
  const data = new Uint8Array(8);
  putUint32(data, 0, Number(last > LBA_MAX ? LBA_MAX : last));
  putUint32(data, 4, unit.blockSize);
  return data;
}

const LBPME = 0x80;
const LBPRZ = 0x40;

export function readCapacity16({ unit, cdb }: Command): Uint8Array {
  if ((byteAt(cdb, 14) & PMI) === 0 && uint64(cdb, 2) !== 0n) throw invalidFieldInCdb(2);
  const data = new Uint8Array(32);
  putUint64(data, 0, lastBlock(unit));
  putUint32(data, 8, unit.blockSize);
  data[13] = unit.settings.physicalBlockExponent;
  data[14] = unit.settings.thinProvisioned ? LBPME | LBPRZ : 0;
  return data.subarray(0, uint32(cdb, 10));
}

function lastBlock({ medium }: LogicalUnit): bigint {
  return medium && medium.blocks > 0n ? medium.blocks - 1n : 0n;
}

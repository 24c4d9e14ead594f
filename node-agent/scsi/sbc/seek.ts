// SEEK(10) and REZERO UNIT (SBC-2): a file has no heads to move; the address is checked.
import type { Command } from '../spc/command.js';
import { uint32 } from '../spc/bytes.js';
import { mediumWith } from './block-range.js';

export function seek({ unit, cdb }: Command): void {
  mediumWith(unit, { lba: BigInt(uint32(cdb, 2)), blocks: 0, lengthField: 0 });
}

export function rezeroUnit(): void {}

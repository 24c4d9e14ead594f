// SANITIZE (SBC-3 5.24): OVERWRITE, BLOCK ERASE and EXIT FAILURE MODE.
import { byteAt, toHex, uint16 } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import { beginOperation, type ErasurePlan } from '../spc/operation.js';
import { CheckCondition, invalidFieldInCdb, invalidFieldInParameterList, SENSE } from '../spc/sense.js';
import { eraseNow } from './erasure.js';

const IMMED = 0x80;
const HEADER = 4;
const INVERT = 0x80;
const COUNT = 0x1f;

export async function sanitizeOverwrite(command: Command): Promise<void> {
  const { unit, cdb, dataOut } = command;
  const length = uint16(cdb, 7);
  if (length <= HEADER || length > HEADER + unit.blockSize) throw invalidFieldInCdb(7);
  if (dataOut.length < length) throw new CheckCondition(SENSE.parameterListLengthError);
  const passes = byteAt(dataOut, 0) & COUNT;
  if (passes === 0) throw invalidFieldInParameterList(0, 4);
  const patternLength = uint16(dataOut, 2);
  if (patternLength === 0 || patternLength !== length - HEADER) throw invalidFieldInParameterList(2);
  const inverts = (byteAt(dataOut, 0) & INVERT) !== 0;
  const block = Uint8Array.from({ length: unit.blockSize }, (_, at) => byteAt(dataOut, HEADER + (at % patternLength)));
  await sanitize(command, { kind: 'sanitize', pattern: toHex(block), passes, inverts });
}

export async function sanitizeBlockErase(command: Command): Promise<void> {
  rejectList(command);
  await sanitize(command, { kind: 'sanitize', passes: 1, inverts: false });
}

/** Gives a failed operation up: the medium can be used again, whatever it holds. */
export function sanitizeExitFailure(command: Command): void {
  rejectList(command);
  const { unit } = command;
  if (!unit.operation?.failed) return;
  unit.operation = undefined;
  unit.stateVersion++;
}

function rejectList({ cdb }: Command): void {
  if (uint16(cdb, 7) !== 0) throw invalidFieldInCdb(7);
}

async function sanitize({ unit, cdb }: Command, plan: ErasurePlan): Promise<void> {
  beginOperation(unit, plan);
  if ((byteAt(cdb, 1) & IMMED) === 0) await eraseNow(unit);
  if (unit.operation?.failed) throw new CheckCondition(SENSE.sanitizeFailed);
}

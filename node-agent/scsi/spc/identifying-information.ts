// REPORT and SET IDENTIFYING INFORMATION (SPC-4 6.32, 6.44): what an administrator wrote on the unit; kept for good.
import { byteAt, bytes16, concat, uint32 } from './bytes.js';
import type { Command } from './command.js';
import { CheckCondition, invalidFieldInCdb, invalidFieldInParameterList, SENSE } from './sense.js';
import { ATTENTION, raiseOnAll } from './unit-attentions.js';

/** INFORMATION TYPE → the bytes that it may have. */
const MAXIMUM = new Map([
  [0x00, 64],
  [0x02, 256],
]);
const TEXT = 0x02;
const SUPPORTED_TYPES = 0x7f;

export function reportIdentifyingInformation({ unit, cdb }: Command): Uint8Array {
  const type = typeOf(cdb);
  const information =
    type === SUPPORTED_TYPES
      ? concat(...[...MAXIMUM].map(([code, maximum]) => [code << 1, 0, ...bytes16(maximum)]))
      : (unit.identifyingInformation.get(type) ?? []);
  if (type !== SUPPORTED_TYPES && !MAXIMUM.has(type)) throw invalidFieldInCdb(10, 7);
  return concat([0, 0], bytes16(information.length), information).subarray(0, uint32(cdb, 6));
}

/** No bytes: what was there is forgotten. */
export function setIdentifyingInformation({ unit, nexus, cdb, dataOut }: Command): void {
  const type = typeOf(cdb);
  const maximum = MAXIMUM.get(type);
  const length = uint32(cdb, 6);
  if (maximum === undefined) throw invalidFieldInCdb(10, 7);
  if (length > maximum) throw invalidFieldInCdb(6);
  if (dataOut.length < length) throw new CheckCondition(SENSE.parameterListLengthError);
  // Null-terminated UTF-8.
  if (type === TEXT && length > 0 && dataOut[length - 1] !== 0) throw invalidFieldInParameterList(length - 1);
  const information = new Map(unit.identifyingInformation);
  if (length === 0) information.delete(type);
  else information.set(type, Uint8Array.from(dataOut.subarray(0, length)));
  unit.identifyingInformation = information;
  unit.stateVersion++;
  raiseOnAll(unit, ATTENTION.deviceIdentifierChanged, nexus.id);
}

function typeOf(cdb: Uint8Array): number {
  return byteAt(cdb, 10) >> 1;
}

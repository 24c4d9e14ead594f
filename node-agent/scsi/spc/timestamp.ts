// REPORT TIMESTAMP and SET TIMESTAMP (SPC-4 6.36, 6.46): the node's clock, until an initiator sets another one.
import { putUint16, uint16, uint32 } from './bytes.js';
import type { Command } from './command.js';
import { CheckCondition, SENSE } from './sense.js';
import { ATTENTION, raiseOnAll } from './unit-attentions.js';

const LENGTH = 12;
const OFFSET = 4;
/** TIMESTAMP ORIGIN: by SET TIMESTAMP, or by other means than commands. */
const ORIGIN = { set: 0x02, outside: 0x03 } as const;

export function reportTimestamp({ unit, cdb }: Command): Uint8Array {
  const data = new Uint8Array(LENGTH);
  putUint16(data, 0, LENGTH - 2);
  data[2] = unit.timestampOffset === undefined ? ORIGIN.outside : ORIGIN.set;
  let rest = Math.max(0, unit.clock() + (unit.timestampOffset ?? 0));
  for (let at = OFFSET + 5; at >= OFFSET; at -= 1) {
    data[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return data.subarray(0, uint32(cdb, 6));
}

export function setTimestamp({ unit, nexus, cdb, dataOut }: Command): void {
  const length = uint32(cdb, 6);
  if (length === 0) return;
  if (length < LENGTH || dataOut.length < LENGTH) throw new CheckCondition(SENSE.parameterListLengthError);
  const milliseconds = uint16(dataOut, OFFSET) * 2 ** 32 + uint32(dataOut, OFFSET + 2);
  unit.timestampOffset = milliseconds - unit.clock();
  unit.stateVersion++;
  raiseOnAll(unit, ATTENTION.timestampChanged, nexus.id);
}

// WRITE BUFFER and READ BUFFER with the echo buffer (SPC-4 6.19, 6.49): what a nexus wrote it reads back, to test the way.
import { byteAt, concat, uint24, bytes16 } from './bytes.js';
import type { Command } from './command.js';
import { CheckCondition, invalidFieldInCdb, SENSE } from './sense.js';

const MODE = 0x1f;
const ECHO = 0x0a;
const ECHO_DESCRIPTOR = 0x0b;
/** Bytes; the descriptor has 13 bits for it. */
const CAPACITY = 4096;

/** The buffer is the nexus's own, so EBOS (echo buffer overwritten by others) is 0. */
export function readBuffer({ nexus, cdb }: Command): Uint8Array {
  const length = uint24(cdb, 6);
  switch (byteAt(cdb, 1) & MODE) {
    case ECHO_DESCRIPTOR:
      return concat([0, 0], bytes16(CAPACITY)).subarray(0, length);
    case ECHO:
      if (!nexus.echoBuffer) throw new CheckCondition(SENSE.commandSequenceError);
      return nexus.echoBuffer.subarray(0, length);
    default:
      throw invalidFieldInCdb(1, 4);
  }
}

export function writeBuffer({ nexus, cdb, dataOut }: Command): void {
  if ((byteAt(cdb, 1) & MODE) !== ECHO) throw invalidFieldInCdb(1, 4);
  const length = uint24(cdb, 6);
  if (length > CAPACITY) throw invalidFieldInCdb(6);
  if (dataOut.length < length) throw new CheckCondition(SENSE.parameterListLengthError);
  nexus.echoBuffer = Uint8Array.from(dataOut.subarray(0, length));
}

// RECEIVE COPY RESULTS: COPY STATUS of both lengths of list identifiers, and OPERATING PARAMETERS (SPC-4 6.22, 6.24, 6.25).
import { byteAt, concat, putUint16, putUint32, putUint64, uint32 } from '../bytes.js';
import type { Command } from '../command.js';
import { encodeSense, invalidFieldInCdb } from '../sense.js';
import { findCopy, takeCopy } from './copies.js';
import {
  BLOCK_TO_BLOCK,
  CONCURRENT_COPIES,
  IDENTIFICATION,
  MAXIMUM_CSCDS,
  MAXIMUM_LIST_LENGTH,
  MAXIMUM_SEGMENT_LENGTH,
  MAXIMUM_SEGMENTS,
} from './limits.js';

const ALLOCATION_LENGTH = 10;
/** COPY COMMAND STATUS (SPC-4 table 254) and COPY OPERATION STATUS (table 249: in the foreground). */
const COMMAND_STATUS = { inProgress: 0x00, completed: 0x01, failed: 0x02, terminated: 0x02 } as const;
const OPERATION_STATUS = { inProgress: 0x11, completed: 0x01, failed: 0x02, terminated: 0x60 } as const;
/** EXTENDED COPY COMPLETION STATUS: SAM-5 status codes; reserved while it goes on. */
const COMPLETION_STATUS = { inProgress: 0x00, completed: 0x00, failed: 0x02, terminated: 0x40 } as const;
/** TRANSFER COUNT UNITS. */
const BYTES = 0x00;
const KIB = 0x01;
/** LIST ID USAGE 11b is taken as SPC-4 table 129 says. */
const SNLID = 0x01;
/** ESTIMATED STATUS UPDATE DELAY: we can't tell, or nothing more comes. */
const UNKNOWN_DELAY = 0xffff_ffff;
const NO_DELAY = 0xffff_fffe;
const SENSE_DATA = 32;

/** COPY STATUS(LID1). */
export function receiveCopyStatus({ cdb, nexus }: Command): Uint8Array {
  const record = takeCopy(nexus, byteAt(cdb, 2));
  if (!record) throw invalidFieldInCdb(2);
  const data = new Uint8Array(12);
  putUint32(data, 0, data.length - 4);
  data[4] = COMMAND_STATUS[record.state];
  putUint16(data, 5, record.segments);
  data[7] = KIB;
  putUint32(data, 8, Math.floor(record.bytes / 1024));
  return data.subarray(0, uint32(cdb, ALLOCATION_LENGTH));
}

/** COPY STATUS(LID4). */
export function receiveCopyStatusLong({ cdb, nexus }: Command): Uint8Array {
  const record = findCopy(nexus, uint32(cdb, 2));
  if (!record) throw invalidFieldInCdb(2);
  const sense = record.sense ? encodeSense(record.sense, true) : new Uint8Array();
  // The field's length is a multiple of four.
  const data = new Uint8Array(SENSE_DATA + Math.ceil(sense.length / 4) * 4);
  putUint32(data, 0, data.length - 4);
  data[4] = record.serviceAction;
  data[5] = OPERATION_STATUS[record.state];
  putUint16(data, 6, record.commands & 0xffff);
  putUint32(data, 8, record.state === 'inProgress' ? UNKNOWN_DELAY : NO_DELAY);
  data.set([COMPLETION_STATUS[record.state], data.length - SENSE_DATA, sense.length, BYTES], 12);
  putUint64(data, 16, BigInt(record.bytes));
  putUint16(data, 24, record.segments);
  data.set(sense, SENSE_DATA);
  return data.subarray(0, uint32(cdb, ALLOCATION_LENGTH));
}

/** OPERATING PARAMETERS. */
export function receiveOperatingParameters({ cdb }: Command): Uint8Array {
  const data = new Uint8Array(44);
  data[4] = SNLID;
  putUint16(data, 8, MAXIMUM_CSCDS);
  putUint16(data, 10, MAXIMUM_SEGMENTS);
  putUint32(data, 12, MAXIMUM_LIST_LENGTH);
  putUint32(data, 16, MAXIMUM_SEGMENT_LENGTH);
  putUint16(data, 34, CONCURRENT_COPIES);
  data[36] = CONCURRENT_COPIES;
  // Data segment granularity: 2^9 bytes.
  data[37] = 9;
  data[43] = 2;
  const whole = concat(data, [BLOCK_TO_BLOCK, IDENTIFICATION]);
  putUint32(whole, 0, whole.length - 4);
  return whole.subarray(0, uint32(cdb, ALLOCATION_LENGTH));
}

// RECEIVE COPY RESULTS: COPY STATUS and OPERATING PARAMETERS (SPC-4 6.18, 6.20).
import { byteAt, concat, putUint16, putUint32, uint32 } from '../bytes.js';
import type { Command } from '../command.js';
import { invalidFieldInCdb } from '../sense.js';
import { takeCopy, type CopyRecord } from './copies.js';
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
const COPY_STATUS: Readonly<Record<CopyRecord['state'], number>> = { inProgress: 0, completed: 1, failed: 2 };
/** TRANSFER COUNT UNITS: KiB. */
const KIB = 0x01;

/** COPY STATUS. */
export function receiveCopyStatus({ cdb, nexus }: Command): Uint8Array {
  const record = takeCopy(nexus, byteAt(cdb, 2));
  if (!record) throw invalidFieldInCdb(2);
  const data = new Uint8Array(12);
  putUint32(data, 0, data.length - 4);
  data[4] = COPY_STATUS[record.state];
  putUint16(data, 5, record.segments);
  data[7] = KIB;
  putUint32(data, 8, Math.floor(record.bytes / 1024));
  return data.subarray(0, uint32(cdb, ALLOCATION_LENGTH));
}

/** OPERATING PARAMETERS. */
export function receiveOperatingParameters({ cdb }: Command): Uint8Array {
  const data = new Uint8Array(44);
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

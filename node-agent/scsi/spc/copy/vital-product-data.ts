// VPD page 8F, third-party copy (SPC-4 7.8.17): what the copy commands can do.
import { bytes16, concat } from '../bytes.js';
import type { VitalProductDataPage } from '../personality.js';
import {
  BLOCK_TO_BLOCK,
  CONCURRENT_COPIES,
  COPY_STATUS_LID1,
  COPY_STATUS_LID4,
  EXTENDED_COPY,
  IDENTIFICATION,
  LID1,
  LID4,
  MAXIMUM_CSCDS,
  MAXIMUM_LIST_LENGTH,
  MAXIMUM_SEGMENT_LENGTH,
  MAXIMUM_SEGMENTS,
  OPERATING_PARAMETERS,
  RECEIVE_COPY_RESULTS,
} from './limits.js';

/** Command support descriptors: operation code, and how many service actions, and which. */
const COMMANDS = [
  ...[EXTENDED_COPY, 2, LID1, LID4],
  ...[RECEIVE_COPY_RESULTS, 3, COPY_STATUS_LID1, OPERATING_PARAMETERS, COPY_STATUS_LID4],
];

export const thirdPartyCopy: VitalProductDataPage = {
  code: 0x8f,
  body: () =>
    concat(
      // Supported Commands
      descriptor(0x0001, counted8(COMMANDS)),
      // Parameter Data
      descriptor(0x0004, [
        ...bytes32(0),
        ...bytes16(MAXIMUM_CSCDS),
        ...bytes16(MAXIMUM_SEGMENTS),
        ...bytes32(MAXIMUM_LIST_LENGTH),
        ...bytes32(0),
        ...zeros(12),
      ]),
      // Supported Descriptors
      descriptor(0x0008, counted8([BLOCK_TO_BLOCK, IDENTIFICATION])),
      // Supported CSCD Descriptor IDs: none beyond those of the list
      descriptor(0x000c, [0, 0]),
      // General Copy Operations: granularity 2^9 bytes
      descriptor(0x8001, [
        ...bytes32(CONCURRENT_COPIES),
        ...bytes32(CONCURRENT_COPIES),
        ...bytes32(MAXIMUM_SEGMENT_LENGTH),
        9,
        ...zeros(19),
      ]),
    ),
};

/** Padded to a multiple of four bytes. */
function descriptor(type: number, content: readonly number[]): Uint8Array {
  const padded = [...content, ...zeros((4 - (content.length % 4)) % 4)];
  return concat(bytes16(type), bytes16(padded.length), padded);
}

function counted8(list: readonly number[]): number[] {
  return [list.length, ...list];
}

function bytes32(value: number): number[] {
  return [...bytes16(value >>> 16), ...bytes16(value & 0xffff)];
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

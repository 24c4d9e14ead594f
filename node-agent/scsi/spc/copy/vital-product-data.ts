// VPD page 8F, third-party copy (SPC-4 7.8.17): what the copy commands can do.
import { bytes16, concat } from '../bytes.js';
import type { VitalProductDataPage } from '../personality.js';
import {
  BLOCK_TO_BLOCK,
  CONCURRENT_COPIES,
  IDENTIFICATION,
  MAXIMUM_CSCDS,
  MAXIMUM_LIST_LENGTH,
  MAXIMUM_SEGMENT_LENGTH,
  MAXIMUM_SEGMENTS,
} from './limits.js';

const EXTENDED_COPY = [0x83, 1, 0x00];
const RECEIVE_COPY_RESULTS = [0x84, 2, 0x00, 0x03];

export const thirdPartyCopy: VitalProductDataPage = {
  code: 0x8f,
  body: () =>
    concat(
      // Supported Commands
      descriptor(0x0001, counted8([...EXTENDED_COPY, ...RECEIVE_COPY_RESULTS])),
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

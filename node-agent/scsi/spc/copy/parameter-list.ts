// The parameter list of EXTENDED COPY(LID1) (SPC-4 6.4.3 to 6.4.6): what is copied from where to where.
import type { SenseCode } from '../../types.js';
import { byteAt, uint16, uint24, uint32, uint64 } from '../bytes.js';
import { CheckCondition, invalidFieldInParameterList, SENSE } from '../sense.js';
import { BLOCK_TO_BLOCK, IDENTIFICATION, MAXIMUM_CSCDS, MAXIMUM_LIST_LENGTH, MAXIMUM_SEGMENTS } from './limits.js';

/** A copy source or copy destination, by a designator of its device identification page. */
export interface Cscd {
  peripheralDeviceType: number;
  /** Code set, association and type, reserved byte, length and value, as in VPD page 83. */
  designator: Uint8Array;
  /** Bytes; 0: not told. */
  blockSize: number;
}

/** From block device to block device. */
export interface Segment {
  /** Indices into the list of CSCDs. */
  source: number;
  destination: number;
  blocks: number;
  /** DC: `blocks` counts those of the destination. */
  countsDestination: boolean;
  sourceLba: bigint;
  destinationLba: bigint;
}

export interface CopyOrder {
  listId: number;
  /** Undefined: the list identifier means nothing. */
  usage: 'hold' | 'discard' | undefined;
  cscds: Cscd[];
  segments: Segment[];
}

const HEADER = 16;
const CSCD_LENGTH = 32;
const SEGMENT_LENGTH = 28;
const LIST_ID_USAGE: Readonly<Record<number, CopyOrder['usage']>> = { 0: 'hold', 2: 'discard', 3: undefined };

/** @throws CheckCondition */
export function parseCopyOrder(list: Uint8Array): CopyOrder {
  if (list.length < HEADER) throw new CheckCondition(SENSE.parameterListLengthError);
  const cscdsLength = uint16(list, 2);
  const segmentsLength = uint32(list, 8);
  const inlineLength = uint32(list, 12);
  const total = cscdsLength + segmentsLength;
  if (total > MAXIMUM_LIST_LENGTH || HEADER + total + inlineLength > list.length) {
    throw new CheckCondition(SENSE.parameterListLengthError);
  }
  if (inlineLength !== 0) throw new CheckCondition(SENSE.inlineDataLengthExceeded);
  const usageCode = (byteAt(list, 1) >> 3) & 0x03;
  if (!(usageCode in LIST_ID_USAGE)) throw invalidFieldInParameterList(1, 4);
  const usage = LIST_ID_USAGE[usageCode];
  const listId = byteAt(list, 0);
  if (usage === undefined && listId !== 0) throw invalidFieldInParameterList(0);
  return {
    listId,
    usage,
    cscds: descriptors(list, HEADER, cscdsLength, CSCD).map(([at, descriptor]) => parseCscd(descriptor, at)),
    segments: descriptors(list, HEADER + cscdsLength, segmentsLength, SEGMENT).map(([, descriptor]) =>
      parseSegment(descriptor),
    ),
  };
}

interface DescriptorKind {
  readonly typeCode: number;
  readonly length: number;
  readonly maximum: number;
  readonly unsupported: SenseCode;
  readonly tooMany: SenseCode;
}

const CSCD: DescriptorKind = {
  typeCode: IDENTIFICATION,
  length: CSCD_LENGTH,
  maximum: MAXIMUM_CSCDS,
  unsupported: SENSE.unsupportedTargetDescriptorType,
  tooMany: SENSE.tooManyTargetDescriptors,
};

const SEGMENT: DescriptorKind = {
  typeCode: BLOCK_TO_BLOCK,
  length: SEGMENT_LENGTH,
  maximum: MAXIMUM_SEGMENTS,
  unsupported: SENSE.unsupportedSegmentDescriptorType,
  tooMany: SENSE.tooManySegmentDescriptors,
};

/** Offset in the list, and bytes, of each. The types differ in length: the first of another type ends the reading. */
function descriptors(list: Uint8Array, start: number, length: number, kind: DescriptorKind): [number, Uint8Array][] {
  const found: [number, Uint8Array][] = [];
  for (let at = start; at < start + length; at += kind.length) {
    if (byteAt(list, at) !== kind.typeCode) throw new CheckCondition(kind.unsupported);
    if (found.length === kind.maximum) throw new CheckCondition(kind.tooMany);
    if (at + kind.length > start + length) throw new CheckCondition(SENSE.parameterListLengthError);
    found.push([at, list.subarray(at, at + kind.length)]);
  }
  return found;
}

/** LU ID TYPE and NUL, in the bits above, are obsolete (SPC-4 6.4.5.2) and ignored. */
const PERIPHERAL_DEVICE_TYPE = 0x1f;
const DESIGNATOR = 4;
const DESIGNATOR_HEADER = 4;
const DESIGNATOR_MAX = 20;

function parseCscd(descriptor: Uint8Array, at: number): Cscd {
  const length = byteAt(descriptor, DESIGNATOR + 3);
  if (length > DESIGNATOR_MAX) throw invalidFieldInParameterList(at + DESIGNATOR + 3);
  return {
    peripheralDeviceType: byteAt(descriptor, 1) & PERIPHERAL_DEVICE_TYPE,
    designator: descriptor.subarray(DESIGNATOR, DESIGNATOR + DESIGNATOR_HEADER + length),
    blockSize: uint24(descriptor, 29),
  };
}

const DC = 0x02;

function parseSegment(descriptor: Uint8Array): Segment {
  return {
    countsDestination: (byteAt(descriptor, 1) & DC) !== 0,
    source: uint16(descriptor, 4),
    destination: uint16(descriptor, 6),
    blocks: uint16(descriptor, 10),
    sourceLba: uint64(descriptor, 12),
    destinationLba: uint64(descriptor, 20),
  };
}

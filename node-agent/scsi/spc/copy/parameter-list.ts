// The parameter lists of EXTENDED COPY (SPC-4 6.4.2 to 6.4.6, 6.5.2): what is copied from where to where.
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

const CSCD_LENGTH = 32;
const SEGMENT_LENGTH = 28;
const LIST_ID_USAGE: Readonly<Record<number, CopyOrder['usage']>> = { 0: 'hold', 2: 'discard', 3: undefined };

/** What the headers of the two formats tell alike, in bytes. */
interface Header {
  length: number;
  listId: number;
  /** Where the list identifier is. */
  listIdAt: number;
  cscdsLength: number;
  segmentsLength: number;
  inlineLength: number;
}

const LID1_HEADER = 16;

/**
 * Of EXTENDED COPY(LID1).
 * @throws CheckCondition
 */
export function parseCopyOrder(list: Uint8Array): CopyOrder {
  if (list.length < LID1_HEADER) throw new CheckCondition(SENSE.parameterListLengthError);
  return parseOrder(list, {
    length: LID1_HEADER,
    listId: byteAt(list, 0),
    listIdAt: 0,
    cscdsLength: uint16(list, 2),
    segmentsLength: uint32(list, 8),
    inlineLength: uint32(list, 12),
  });
}

const LID4_HEADER = 48;
const LID4_FORMAT = 0x01;
/** In the place of a CSCD descriptor of the older format, whose type no copy manager knows. */
const HEADER_CSCD = 0xff;
const HEADER_CSCD_LENGTH = 32;
const FLAGS = 15;
const G_SENSE = 0x01;
const IMMED = 0x02;
const LIST_ID = 20;

/**
 * Of EXTENDED COPY(LID4). IMMED is checked and otherwise taken as 0 (SPC-4 5.17.4.3 allows it). G_SENSE is refused: TCMU
 * carries no sense data beside GOOD.
 * @throws CheckCondition
 */
export function parseLongCopyOrder(list: Uint8Array): CopyOrder {
  if (list.length < LID4_HEADER) throw new CheckCondition(SENSE.parameterListLengthError);
  if (byteAt(list, 0) !== LID4_FORMAT) throw invalidFieldInParameterList(0);
  if (uint16(list, 2) !== HEADER_CSCD_LENGTH) throw invalidFieldInParameterList(2);
  if (byteAt(list, 16) !== HEADER_CSCD) throw invalidFieldInParameterList(16);
  const flags = byteAt(list, FLAGS);
  const listId = uint32(list, LIST_ID);
  const order = parseOrder(list, {
    length: LID4_HEADER,
    listId,
    listIdAt: LIST_ID,
    cscdsLength: uint16(list, 42),
    segmentsLength: uint16(list, 44),
    inlineLength: uint16(list, 46),
  });
  const asksForNothing = (flags & G_SENSE) !== 0 || order.usage === undefined;
  if ((flags & IMMED) !== 0 && asksForNothing) throw new CheckCondition(SENSE.invalidFieldInCdb);
  if ((flags & G_SENSE) !== 0) throw invalidFieldInParameterList(FLAGS, 0);
  return order;
}

function parseOrder(list: Uint8Array, header: Header): CopyOrder {
  const { cscdsLength, segmentsLength, inlineLength, listId } = header;
  const total = cscdsLength + segmentsLength;
  if (total > MAXIMUM_LIST_LENGTH || header.length + total + inlineLength > list.length) {
    throw new CheckCondition(SENSE.parameterListLengthError);
  }
  if (inlineLength !== 0) throw new CheckCondition(SENSE.inlineDataLengthExceeded);
  const usageCode = (byteAt(list, 1) >> 3) & 0x03;
  if (!(usageCode in LIST_ID_USAGE)) throw invalidFieldInParameterList(1, 4);
  const usage = LIST_ID_USAGE[usageCode];
  if (usage === undefined && listId !== 0) throw invalidFieldInParameterList(header.listIdAt);
  const segmentsAt = header.length + cscdsLength;
  return {
    listId,
    usage,
    cscds: descriptors(list, header.length, cscdsLength, CSCD).map(([at, descriptor]) => parseCscd(descriptor, at)),
    segments: descriptors(list, segmentsAt, segmentsLength, SEGMENT).map(([, descriptor]) => parseSegment(descriptor)),
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

// Sense data (SPC-4 4.5): what a command that failed tells, in fixed or descriptor format.
import type { MediumError, SenseCode } from '../types.js';
import { concat, putUint16, putUint32, putUint64 } from './bytes.js';

export const SENSE_KEY = {
  noSense: 0x0,
  notReady: 0x2,
  mediumError: 0x3,
  hardwareError: 0x4,
  illegalRequest: 0x5,
  unitAttention: 0x6,
  dataProtect: 0x7,
  copyAborted: 0xa,
  miscompare: 0xe,
} as const;

export const SENSE = {
  noSense: { key: SENSE_KEY.noSense, asc: 0x00, ascq: 0x00 },
  manualInterventionRequired: { key: SENSE_KEY.notReady, asc: 0x04, ascq: 0x03 },
  formatInProgress: { key: SENSE_KEY.notReady, asc: 0x04, ascq: 0x04 },
  sanitizeInProgress: { key: SENSE_KEY.notReady, asc: 0x04, ascq: 0x1b },
  mediumNotPresent: { key: SENSE_KEY.notReady, asc: 0x3a, ascq: 0x00 },
  writeError: { key: SENSE_KEY.mediumError, asc: 0x0c, ascq: 0x00 },
  unrecoveredReadError: { key: SENSE_KEY.mediumError, asc: 0x11, ascq: 0x00 },
  formatCorrupted: { key: SENSE_KEY.mediumError, asc: 0x31, ascq: 0x00 },
  formatCommandFailed: { key: SENSE_KEY.mediumError, asc: 0x31, ascq: 0x01 },
  sanitizeFailed: { key: SENSE_KEY.mediumError, asc: 0x31, ascq: 0x03 },
  internalTargetFailure: { key: SENSE_KEY.hardwareError, asc: 0x44, ascq: 0x00 },
  parameterListLengthError: { key: SENSE_KEY.illegalRequest, asc: 0x1a, ascq: 0x00 },
  invalidOpcode: { key: SENSE_KEY.illegalRequest, asc: 0x20, ascq: 0x00 },
  blockOutOfRange: { key: SENSE_KEY.illegalRequest, asc: 0x21, ascq: 0x00 },
  invalidFieldInCdb: { key: SENSE_KEY.illegalRequest, asc: 0x24, ascq: 0x00 },
  invalidFieldInParameterList: { key: SENSE_KEY.illegalRequest, asc: 0x26, ascq: 0x00 },
  operationInProgress: { key: SENSE_KEY.illegalRequest, asc: 0x00, ascq: 0x16 },
  tooManyTargetDescriptors: { key: SENSE_KEY.illegalRequest, asc: 0x26, ascq: 0x06 },
  unsupportedTargetDescriptorType: { key: SENSE_KEY.illegalRequest, asc: 0x26, ascq: 0x07 },
  tooManySegmentDescriptors: { key: SENSE_KEY.illegalRequest, asc: 0x26, ascq: 0x08 },
  unsupportedSegmentDescriptorType: { key: SENSE_KEY.illegalRequest, asc: 0x26, ascq: 0x09 },
  inlineDataLengthExceeded: { key: SENSE_KEY.illegalRequest, asc: 0x26, ascq: 0x0b },
  invalidReleaseOfReservation: { key: SENSE_KEY.illegalRequest, asc: 0x26, ascq: 0x04 },
  removalPrevented: { key: SENSE_KEY.illegalRequest, asc: 0x53, ascq: 0x02 },
  commandSequenceError: { key: SENSE_KEY.illegalRequest, asc: 0x2c, ascq: 0x00 },
  savingNotSupported: { key: SENSE_KEY.illegalRequest, asc: 0x39, ascq: 0x00 },
  writeProtected: { key: SENSE_KEY.dataProtect, asc: 0x27, ascq: 0x00 },
  softwareWriteProtected: { key: SENSE_KEY.dataProtect, asc: 0x27, ascq: 0x02 },
  spaceAllocationFailed: { key: SENSE_KEY.dataProtect, asc: 0x27, ascq: 0x07 },
  insufficientResources: { key: SENSE_KEY.illegalRequest, asc: 0x55, ascq: 0x03 },
  insufficientRegistrationResources: { key: SENSE_KEY.illegalRequest, asc: 0x55, ascq: 0x04 },
  copyAborted: { key: SENSE_KEY.copyAborted, asc: 0x00, ascq: 0x00 },
  thirdPartyDeviceFailure: { key: SENSE_KEY.copyAborted, asc: 0x0d, ascq: 0x01 },
  copyTargetNotReachable: { key: SENSE_KEY.copyAborted, asc: 0x0d, ascq: 0x02 },
  incorrectCopyTargetType: { key: SENSE_KEY.copyAborted, asc: 0x0d, ascq: 0x03 },
  inexactSegment: { key: SENSE_KEY.copyAborted, asc: 0x26, ascq: 0x0a },
  miscompare: { key: SENSE_KEY.miscompare, asc: 0x1d, ascq: 0x00 },
} as const satisfies Record<string, SenseCode>;

/** Where the wrong field is. Without a bit the whole byte is meant. */
export interface FieldPointer {
  byte: number;
  /** Most significant bit of the field. */
  bit?: number;
}

export interface SenseData extends SenseCode {
  information?: bigint;
  /** Only with invalidFieldInCdb and invalidFieldInParameterList. */
  field?: FieldPointer;
  /** Of a share of 65,536; only with NOT READY. */
  progress?: number;
}

/** Ends a command with CHECK CONDITION. */
export class CheckCondition extends Error {
  constructor(
    readonly sense: SenseData,
    options?: ErrorOptions,
  ) {
    super(
      `CHECK CONDITION ${[sense.key, sense.asc, sense.ascq].map((n) => n.toString(16).padStart(2, '0')).join('/')}`,
      options,
    );
  }
}

export function invalidFieldInCdb(byte: number, bit?: number): CheckCondition {
  return new CheckCondition({ ...SENSE.invalidFieldInCdb, field: { byte, bit } });
}

export function invalidFieldInParameterList(byte: number, bit?: number): CheckCondition {
  return new CheckCondition({ ...SENSE.invalidFieldInParameterList, field: { byte, bit } });
}

/** `information`: the LBA that the failed access began with, where the command has one. */
export function mediumErrorSense({ kind }: MediumError, information?: bigint): SenseData {
  const codes = {
    read: SENSE.unrecoveredReadError,
    write: SENSE.writeError,
    flush: SENSE.writeError,
    noSpace: SENSE.spaceAllocationFailed,
  };
  return { ...codes[kind], information };
}

const FIXED_LENGTH = 18;
const SKSV = 0x80;
const COMMAND_DATA = 0x40;
const BIT_POINTER_VALID = 0x08;
const VALID = 0x80;
const FIXED_INFORMATION_MAX = 0xffff_ffffn;

export function encodeSense(sense: SenseData, descriptorFormat: boolean): Uint8Array {
  return descriptorFormat ? descriptorSense(sense) : fixedSense(sense);
}

function fixedSense(sense: SenseData): Uint8Array {
  const data = new Uint8Array(FIXED_LENGTH);
  data[0] = 0x70;
  data[2] = sense.key;
  data[7] = FIXED_LENGTH - 8;
  data[12] = sense.asc;
  data[13] = sense.ascq;
  // SPC-4 4.5.3: a value that doesn't fit into four bytes leaves VALID at 0.
  if (sense.information !== undefined && sense.information <= FIXED_INFORMATION_MAX) {
    data[0] |= VALID;
    putUint32(data, 3, Number(sense.information));
  }
  const specific = senseKeySpecific(sense);
  if (specific) data.set(specific, 15);
  return data;
}

function descriptorSense(sense: SenseData): Uint8Array {
  const descriptors: Uint8Array[] = [];
  if (sense.information !== undefined) {
    const information = new Uint8Array(12);
    information.set([0x00, 0x0a, VALID]);
    putUint64(information, 4, sense.information);
    descriptors.push(information);
  }
  const specific = senseKeySpecific(sense);
  if (specific) descriptors.push(concat([0x02, 0x06, 0, 0], specific, [0]));
  const additional = descriptors.reduce((sum, descriptor) => sum + descriptor.length, 0);
  const data = new Uint8Array(8 + additional);
  data.set([0x72, sense.key, sense.asc, sense.ascq, 0, 0, 0, additional]);
  let offset = 8;
  for (const descriptor of descriptors) {
    data.set(descriptor, offset);
    offset += descriptor.length;
  }
  return data;
}

/** SPC-4 4.5.2.4: field pointer, whose C/D is 1 for a field of the CDB, 0 for one of the parameter list; or progress. */
function senseKeySpecific({ asc, field, progress }: SenseData): Uint8Array | undefined {
  const data = new Uint8Array(3);
  if (progress !== undefined) {
    data[0] = SKSV;
    putUint16(data, 1, progress);
    return data;
  }
  if (!field) return undefined;
  const inCdb = asc === SENSE.invalidFieldInCdb.asc;
  data[0] = SKSV | (inCdb ? COMMAND_DATA : 0) | (field.bit === undefined ? 0 : BIT_POINTER_VALID | field.bit);
  putUint16(data, 1, field.byte);
  return data;
}

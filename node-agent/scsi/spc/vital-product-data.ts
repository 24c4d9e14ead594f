// Vital product data pages that every personality has (SPC-4 7.8): 00, 80, 83, 86.
import { ascii, bytes16, concat, fromHex, paddedAscii } from './bytes.js';
import type { LogicalUnit } from './logical-unit.js';
import type { Nexus } from './nexus.js';
import { availableOf, type VitalProductDataPage } from './personality.js';
import { invalidFieldInCdb } from './sense.js';

/** The whole page. @throws CheckCondition for a page that the unit doesn't have */
export function vitalProductDataPage(unit: LogicalUnit, nexus: Nexus, code: number): Uint8Array {
  const { peripheralDeviceType, vitalProductData } = unit.personality;
  const page = availableOf(vitalProductData, unit).find((candidate) => candidate.code === code);
  if (!page) throw invalidFieldInCdb(2);
  const body = page.body(unit, nexus);
  return concat([peripheralDeviceType, code], bytes16(body.length), body);
}

const supportedPages: VitalProductDataPage = {
  code: 0x00,
  body: (unit) => Uint8Array.from(availableOf(unit.personality.vitalProductData, unit), ({ code }) => code),
};

const unitSerialNumber: VitalProductDataPage = { code: 0x80, body: ({ identity }) => ascii(identity.serial) };

const deviceIdentification: VitalProductDataPage = {
  code: 0x83,
  body: (unit, nexus) => concat(...deviceDesignators(unit, nexus.identity?.relTgtId ?? 0)),
};

/** In SCST's order. */
function deviceDesignators(unit: LogicalUnit, relTgtId: number): Uint8Array[] {
  const { scsiName } = unit.identity;
  const [t10, ...binary] = unitDesignators(unit);
  return [
    ...(scsiName ? [scsiNameString(scsiName)] : []),
    t10,
    designator(CODE_SET.binary, TARGET_PORT | 0x4, concat([0, 0], bytes16(relTgtId))),
    ...binary,
  ];
}

/** Designators that no other logical unit has. */
export function unitDesignators({ identity }: LogicalUnit): [t10: Uint8Array, ...binary: Uint8Array[]] {
  const { vendor, vendorSpecificId, t10DeviceId } = identity;
  return [
    designator(
      CODE_SET.ascii,
      LOGICAL_UNIT | 0x1,
      concat(paddedAscii(vendor, 8), ascii((vendorSpecificId || t10DeviceId).slice(0, VENDOR_SPECIFIC_ID_MAX))),
    ),
    ...(identity.eui64 ? [designator(CODE_SET.binary, LOGICAL_UNIT | 0x2, fromHex(identity.eui64))] : []),
    designator(CODE_SET.binary, LOGICAL_UNIT | 0x3, fromHex(identity.naa)),
  ];
}

/** SCST's limit. */
const VENDOR_SPECIFIC_ID_MAX = 128;
/** What, with its terminator, is a multiple of four that fits into DESIGNATOR LENGTH. */
const SCSI_NAME_MAX = 251;

const CODE_SET = { binary: 0x1, ascii: 0x2, utf8: 0x3 } as const;
/** Association, in the place that it has in byte 1. */
const LOGICAL_UNIT = 0x00;
const TARGET_PORT = 0x10;
const TARGET_DEVICE = 0x20;

function designator(codeSet: number, associationAndType: number, value: Uint8Array): Uint8Array {
  return concat([codeSet, associationAndType, 0, value.length], value);
}

/** SPC-4 7.8.6.11: null-terminated UTF-8, padded to a multiple of four. */
function scsiNameString(name: string): Uint8Array {
  const text = new TextEncoder().encode(name).subarray(0, SCSI_NAME_MAX);
  const padded = new Uint8Array(4 * (Math.floor(text.length / 4) + 1));
  padded.set(text);
  return designator(CODE_SET.utf8, TARGET_DEVICE | 0x8, padded);
}

const EXTENDED_INQUIRY_LENGTH = 60;
/** TCMU doesn't tell the task attribute: ORDERED and HEAD OF QUEUE would be promises. */
const SIMPSUP = 0x01;
const V_SUP = 0x01;
const NV_SUP = 0x02;

const extendedInquiryData: VitalProductDataPage = {
  code: 0x86,
  body: ({ settings }) => {
    const body = new Uint8Array(EXTENDED_INQUIRY_LENGTH);
    body[1] = SIMPSUP;
    body[2] = settings.nvCache ? NV_SUP : V_SUP;
    return body;
  },
};

export const primaryVitalProductData: readonly VitalProductDataPage[] = [
  supportedPages,
  unitSerialNumber,
  deviceIdentification,
  extendedInquiryData,
];

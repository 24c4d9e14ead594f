// INQUIRY (SPC-4 6.6): standard data, and the way to the vital product data.
import { ascii, byteAt, concat, paddedAscii, putUint16, uint16 } from './bytes.js';
import type { Command } from './command.js';
import { EXTENDED_COPY } from './copy/limits.js';
import type { LogicalUnit } from './logical-unit.js';
import type { Nexus } from './nexus.js';
import { invalidFieldInCdb } from './sense.js';
import { vitalProductDataPage } from './vital-product-data.js';

const EVPD = 0x01;
const CMDDT = 0x02;

const VERSION_DESCRIPTORS = 58;
/** As many as SCST shows: a physical transport's version pushes the last one out. */
const MAXIMUM_VERSIONS = 4;
/** Standard data up to and including the version descriptors. */
const LENGTH = VERSION_DESCRIPTORS + 2 * MAXIMUM_VERSIONS;
const VERSION_SPC4 = 0x06;
const RESPONSE_DATA_FORMAT = 0x02;
const RMB = 0x80;
/** 3PC: EXTENDED COPY is served. */
const THIRD_PARTY_COPY = 0x08;
/** Each session is a target port of its own. */
const MULTIP = 0x10;
const CMDQUE = 0x02;

/** SPC-4 annex E, without a revision claimed where SCST claims none. */
const SAM4 = 0x008b;
const SPC4 = 0x0463;
const SAS = 0x0be0;

export function inquiry({ unit, nexus, cdb }: Command): Uint8Array {
  const allocationLength = uint16(cdb, 3);
  const flags = byteAt(cdb, 1);
  const page = byteAt(cdb, 2);
  if (flags & CMDDT) throw invalidFieldInCdb(1, 1);
  if (flags & EVPD) return vitalProductDataPage(unit, nexus, page).subarray(0, allocationLength);
  if (page !== 0) throw invalidFieldInCdb(2);
  return standardData(unit, nexus).subarray(0, allocationLength);
}

/** Bytes 36 to 55; what is longer goes behind the standard's own fields (SPC-4 6.6.2). */
const VENDOR_SPECIFIC = { short: 36, shortMaximum: 20, long: 96 } as const;

/** As SCST's, but that NORMACA is 0: there's no ACA. The ADDITIONAL LENGTH doesn't follow the allocation length. */
function standardData(unit: LogicalUnit, nexus: Nexus): Uint8Array {
  const { vendor, product, revision } = unit.identity;
  const { peripheralDeviceType, commands } = unit.personality;
  const copies = commands.some(({ opcode }) => opcode === EXTENDED_COPY) ? THIRD_PARTY_COPY : 0;
  const removable = unit.settings.removable ? RMB : 0;
  const vendorSpecific = ascii(unit.identity.inquiryVendorSpecific ?? '');
  const isLong = vendorSpecific.length > VENDOR_SPECIFIC.shortMaximum;
  const length = isLong ? VENDOR_SPECIFIC.long + vendorSpecific.length : LENGTH;
  const data = new Uint8Array(length);
  data.set(
    concat(
      [peripheralDeviceType, removable, VERSION_SPC4, RESPONSE_DATA_FORMAT, length - 5, copies, MULTIP, CMDQUE],
      paddedAscii(vendor, 8),
      paddedAscii(product, 16),
      paddedAscii(revision, 4),
    ),
  );
  data.set(vendorSpecific, isLong ? VENDOR_SPECIFIC.long : VENDOR_SPECIFIC.short);
  versionDescriptors(unit, nexus).forEach((version, at) => putUint16(data, VERSION_DESCRIPTORS + 2 * at, version));
  return data;
}

function versionDescriptors({ personality }: LogicalUnit, { identity }: Nexus): number[] {
  return [
    SAM4,
    identity?.physTransportVersion ?? 0,
    identity?.scsiTransportVersion || SAS,
    SPC4,
    personality.commandSetVersion ?? 0,
  ]
    .filter((version) => version !== 0)
    .slice(0, MAXIMUM_VERSIONS);
}

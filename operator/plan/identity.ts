// SCSI identities made from names: the same again after re-creation, restore and a move, different for any two devices.
import { createHash } from 'node:crypto';
import type { CompiledIdentity, ScstDevice } from '../../crds/types.js';
import { scstNameOf } from './objects.js';

/** NAA 3h (locally assigned, SPC-4 7.8.6.6) and a prefix of our own, not OpenFabrics' 6001405. */
const DEVICE_NAA_PREFIX = '35c57';
const SESSION_NAA_PREFIX = '35c58';
/** Protocol identifier 6h (SAS) in byte 0 of a TransportID (SPC-4 7.6.4.7); the address stands in bytes 4 to 11. */
const SAS_PROTOCOL = '06';

/** Hexadecimal digits of a hash over parts that can't run into each other. */
function digest(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex');
}

/**
 * What a device says about itself on a node. `setupId` is the installation's. The node's name counts unless the device is
 * shared, so that two instances of one ScstDevice are two devices to multipath.
 */
export function deviceIdentity(device: ScstDevice, setupId: string, node: string): CompiledIdentity {
  const scstName = scstNameOf(device);
  const hash = digest('device', setupId, scstName, device.spec.sharing === 'Shared' ? '' : node);
  const wish = device.spec.identity ?? {};
  const t10DeviceId = wish.t10DeviceId ?? `${hash.slice(0, 8)}-${scstName}`.slice(0, 25);
  return {
    vendor: wish.vendor ?? (device.spec.vdiskBlockio === undefined ? 'SCST_FIO' : 'SCST_BIO'),
    product: wish.product ?? scstName.slice(0, 16),
    // What SCST 3.x reports, so that software with rules for SCST's devices finds them.
    revision: wish.revision ?? '3110',
    serial: wish.serial ?? hash.slice(8, 24),
    t10DeviceId,
    vendorSpecificId: wish.vendorSpecificId ?? t10DeviceId,
    naa: wish.naa?.toLowerCase() ?? `${DEVICE_NAA_PREFIX}${hash.slice(24, 35)}`,
    ...(wish.eui64 === undefined ? {} : { eui64: wish.eui64.toLowerCase() }),
    ...(wish.scsiDeviceName === undefined ? {} : { scsiDeviceName: wish.scsiDeviceName }),
    ...(wish.inquiryVendorSpecific === undefined ? {} : { inquiryVendorSpecific: wish.inquiryVendorSpecific }),
  };
}

/** The default TransportID of a session on a node: a SAS one of 24 bytes, as hexadecimal digits. */
export function sessionTransportId(setupId: string, target: string, session: string, node: string): string {
  const address = `${SESSION_NAA_PREFIX}${digest('session', setupId, target, session, node).slice(0, 11)}`;
  return `${SAS_PROTOCOL}000000${address}`.padEnd(48, '0');
}

/** Where the search for a free relative target port identifier starts, 1 to 65535: it hardly ever moves. */
export function preferredRelTgtId(setupId: string, target: string): number {
  return 1 + (Number.parseInt(digest('target', setupId, target).slice(0, 8), 16) % 65_535);
}

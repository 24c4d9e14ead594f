// What LIO itself (engine: kernel) makes of a device: the identity that it shows, and what it can't honour (pure).
import type {
  CompiledIdentity,
  DeviceIdentity,
  NodeDevice,
  ScstDevice,
  ScstLun,
  ScstTarget,
  VdiskBlockio,
  VdiskFileio,
} from '../../crds/types.js';

/** NAA 6h with LIO's default company identifier, then the hexadecimal digits of the serial number, then zeroes. */
const NAA_PREFIX = '6001405';
const NAA_DIGITS = 32;
/** Of any other length, or with other characters, two serial numbers could make one NAA designator. */
const SERIAL = /^[0-9a-f]{16}$/;
/** LIO keeps the path for people in so many bytes. */
const LONGEST_FILENAME = 511;

/** What the device asks for and LIO can't do; empty: it can do all of it. */
export function notHonouredOfDevice({ spec }: ScstDevice): string[] {
  const sharing = spec.sharing === 'Shared' ? ['sharing: Shared (reservations are of one node)'] : [];
  return [...sharing, ...ofHandler(spec), ...ofIdentity(spec.identity ?? {})];
}

/** Why a LUN can't expose a device, for what it or its target asks for and LIO can't do. */
export function lunRefusal(lun: ScstLun, device: NodeDevice, target: ScstTarget | undefined): string | undefined {
  if (device.engine !== 'kernel') return undefined;
  const fields = ['scsiTransportVersion', 'physTransportVersion', 'relTgtId'] as const;
  const asked: string[] = fields
    .filter((field) => target?.spec[field] !== undefined)
    .map((field) => `${field} of its target`);
  if (lun.spec.readOnly === true) asked.unshift('readOnly');
  return asked.length === 0
    ? undefined
    : `engine: kernel of ScstDevice ${device.name} can't honour ${asked.join(', ')}; take engine: tcmu`;
}

function ofHandler({ vdiskFileio, vdiskBlockio }: ScstDevice['spec']): string[] {
  if (vdiskFileio !== undefined) return ofFileio(vdiskFileio);
  if (vdiskBlockio !== undefined) return ofBlockio(vdiskBlockio);
  return ["vdiskNullio (LIO's null device gives out memory as it finds it)"];
}

function ofFileio(fileio: VdiskFileio): string[] {
  const { blocksize = 512, physicalBlockSize = blocksize } = fileio;
  return chosen([
    [fileio.readOnly === true, 'readOnly (LIO opens every file for writing)'],
    ...ofBoth(fileio),
    [fileio.directIO === true, 'directIO'],
    [physicalBlockSize !== blocksize, `physicalBlockSize (it is blocksize, ${blocksize})`],
  ]);
}

function ofBlockio(blockio: VdiskBlockio): string[] {
  return chosen([
    [blockio.size !== undefined, 'size (it is that of the block device)'],
    [blockio.writeThrough === true, 'writeThrough (the write cache is that of the block device)'],
    ...ofBoth(blockio),
    [blockio.physicalBlockSize !== undefined, 'physicalBlockSize (it is that of the block device)'],
  ]);
}

function ofBoth(disk: VdiskFileio | VdiskBlockio): [boolean, string][] {
  return [
    [disk.nvCache === true, 'nvCache'],
    [disk.removable === true, 'removable'],
    [disk.active === false, 'active: false'],
    [disk.taskSetPerNexus === false, 'taskSetPerNexus: false'],
    [Buffer.byteLength(disk.filename) > LONGEST_FILENAME, `a filename of more than ${LONGEST_FILENAME} bytes`],
  ];
}

function chosen(asked: [boolean, string][]): string[] {
  return asked.filter(([set]) => set).map(([, what]) => what);
}

function ofIdentity(identity: DeviceIdentity): string[] {
  const made = ['naa', 't10DeviceId', 'vendorSpecificId', 'eui64', 'scsiDeviceName', 'inquiryVendorSpecific'] as const;
  const asked = made.filter((field) => identity[field] !== undefined).map((field) => `identity.${field}`);
  const { serial } = identity;
  if (serial !== undefined && !SERIAL.test(serial)) {
    asked.push(
      'identity.serial (LIO makes the NAA designator of it, so it has to be 16 hexadecimal digits, lower-case)',
    );
  }
  return asked;
}

/** The identity as LIO shows it, of the one that the own engine would show. */
export function identityByKernel(identity: CompiledIdentity): CompiledIdentity {
  return { ...identity, naa: `${NAA_PREFIX}${identity.serial}`.padEnd(NAA_DIGITS, '0') };
}

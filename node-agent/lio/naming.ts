// Names of our objects in configfs: derived from the uids of their owners, and recognised again (pure).
import { createHash } from 'node:crypto';

/** Directory of our rings below core/: the plug-in `user` (TCMU) and a number that targetcli doesn't reach by counting. */
export const HBA = 'user_21332';

/** Directory of the files that LIO serves itself (engine: kernel): the plug-in `fileio`. */
export const FILE_HBA = 'fileio_21332';

/** Directory of the block devices that LIO serves itself: the plug-in `iblock`. */
export const BLOCK_HBA = 'iblock_21332';

/** Of what LIO serves itself. */
export type KernelHba = typeof FILE_HBA | typeof BLOCK_HBA;
export const KERNEL_HBAS: readonly KernelHba[] = [FILE_HBA, BLOCK_HBA];

export type Hba = typeof HBA | KernelHba;
export const HBAS: readonly Hba[] = [HBA, ...KERNEL_HBAS];

/** NAA 3 (locally assigned) and a company field of our own: WWNs of ours, but not OpenFabrics' 6001405 nor 5001405. */
export const WWN_PREFIX = 'naa.35c58';

/** The one target portal group of a session; tcm_loop makes its number the SCSI target id, so devices are H:0:0:L. */
export const TPG = 'tpgt_0';

const UID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const BACKSTORE = new RegExp(`^scst-(${UID})-(${UID})$`);
const KERNEL_BACKSTORE = new RegExp(`^scst-(block-)?(${UID})$`);
const DEVICE_CONFIG = new RegExp(`^scst/(${UID})$`);
const WWN = /^naa\.35c58[0-9a-f]{11}$/;
const SAS_PROTOCOL = 6;
/** SPC, SAS TransportID: 24 bytes, the SAS address in bytes 4 to 11. */
const SAS_TRANSPORT_ID_DIGITS = 48;

/**
 * Name of one LUN in one session, such as scst-<session uid>-<lun uid>: that of its ring, and of the link in its lun_N,
 * whatever that leads to.
 */
export function backstoreName(sessionUid: string, lunUid: string): string {
  return `scst-${sessionUid.toLowerCase()}-${lunUid.toLowerCase()}`;
}

/** The uids in a name that backstoreName made; undefined for any other name. */
export function parseBackstoreName(name: string): { sessionUid: string; lunUid: string } | undefined {
  const [, sessionUid, lunUid] = BACKSTORE.exec(name) ?? [];
  return sessionUid === undefined || lunUid === undefined ? undefined : { sessionUid, lunUid };
}

/**
 * Backstore of a file or a block device that LIO serves: one for each device, because LIO keeps its reservations and unit
 * attentions.
 */
export function kernelBackstoreName(hba: KernelHba, deviceUid: string): string {
  return `scst-${hba === BLOCK_HBA ? 'block-' : ''}${deviceUid.toLowerCase()}`;
}

/** The uid in a name that kernelBackstoreName made; undefined for any other name. */
export function parseKernelBackstoreName(name: string): string | undefined {
  return KERNEL_BACKSTORE.exec(name)?.[2];
}

/** Where a backstore of ours is. */
export function hbaOf(backstore: string): Hba {
  const [, block] = KERNEL_BACKSTORE.exec(backstore) ?? [undefined, 'ring'];
  if (block === 'ring') return HBA;
  return block === undefined ? FILE_HBA : BLOCK_HBA;
}

/** LIO itself answers for it. */
export function isServedByKernel(backstore: string): boolean {
  return hbaOf(backstore) !== HBA;
}

/** The (session, LUN) pair that a link stands for: a ring is of one pair, what LIO serves has a link for each. */
export function pairName(link: string, backstore: string): string {
  return isServedByKernel(backstore) ? link : backstore;
}

/** WWN (and so SCSI host) of a session: `naa.` and 16 hexadecimal digits. */
export function sessionWwn(sessionUid: string): string {
  return derivedNaa(sessionUid.toLowerCase());
}

/**
 * The name of a session's nexus for its TransportID (hexadecimal): its SAS address where it is of SAS, else an address
 * derived from it, because tcm_loop takes only names of the WWN's own kind. Reservations are ours, so the kernel
 * never reports this name to an initiator.
 */
export function nexusName(transportId: string): string {
  const digits = transportId.toLowerCase();
  if (!/^(?:[0-9a-f]{2})+$/.test(digits)) throw new InvalidTransportId(transportId);
  const protocol = Number.parseInt(digits.slice(1, 2), 16);
  const sas = protocol === SAS_PROTOCOL && digits.length === SAS_TRANSPORT_ID_DIGITS;
  return sas ? `naa.${digits.slice(8, 24)}` : derivedNaa(digits);
}

/** dev_config of a unit's backstores; `scst` is the subtype by which tcmu-runner sees that they aren't for it. */
export function deviceConfig(deviceUid: string): string {
  return `scst/${deviceUid}`;
}

/** The device's uid in what deviceConfig made; undefined for anything else. */
export function deviceOfConfig(config: string | undefined): string | undefined {
  return DEVICE_CONFIG.exec(config ?? '')?.[1];
}

/** Whether a backstore or WWN of this name is one of ours. */
export function isOurs(name: string): boolean {
  return BACKSTORE.test(name) || KERNEL_BACKSTORE.test(name) || WWN.test(name);
}

export class InvalidTransportId extends Error {
  readonly code = 'InvalidTransportId';

  constructor(transportId: string) {
    super(`a TransportID is an even number of hexadecimal digits, not "${transportId}"`);
  }
}

/** By seed: each pass asks for the same ones for every LUN. */
const derived = new Map<string, string>();

function derivedNaa(seed: string): string {
  const known = derived.get(seed);
  if (known !== undefined) return known;
  const naa = WWN_PREFIX + createHash('sha256').update(seed).digest('hex').slice(0, 11);
  derived.set(seed, naa);
  return naa;
}

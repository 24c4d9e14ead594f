// The state of a logical unit: identity, medium, mode pages, nexuses, reservation. Changed by the functions of this folder only.
import { equalBytes } from './bytes.js';
import type { Medium, MediumFailureKind, NexusIdentity, SenseCode } from '../types.js';
import { initialModePages, taskAbortedStatus } from './mode-pages.js';
import type { Nexus } from './nexus.js';
import { NO_PERSISTENT_RESERVATIONS, type PersistentReservations } from './persistent-reservations/state.js';
import type { UnitOperation } from './operation.js';
import type { Personality } from './personality.js';
import { SENSE, type SenseData } from './sense.js';
import { ATTENTION, raise, raiseOnAll } from './unit-attentions.js';

/** What INQUIRY and the vital product data tell. The texts are ASCII; too long ones are cut, short ones padded. */
export interface UnitIdentity {
  vendor: string;
  product: string;
  revision: string;
  serial: string;
  /** Used in the T10 vendor ID designator where vendorSpecificId is empty. */
  t10DeviceId: string;
  vendorSpecificId: string;
  /** 16 or 32 hexadecimal digits. */
  naa: string;
  /** 16, 24 or 32 hexadecimal digits. */
  eui64?: string;
  /** SCSI name string of the target device. */
  scsiName?: string;
  /** ASCII; in bytes 36 to 55 of INQUIRY, or from 96 on where it is longer than that. */
  inquiryVendorSpecific?: string;
}

/** Properties that stay as created. */
export interface UnitSettings {
  /** The device itself is write-protected, for every nexus. */
  readOnly: boolean;
  removable: boolean;
  rotational: boolean;
  /** Default of WCE. False: each write is durable before GOOD (SCST's write_through). */
  writeCache: boolean;
  /** SYNCHRONIZE CACHE and FUA are answered without a flush, and WCE is 0 for good. */
  nvCache: boolean;
  /** UNMAP gives space back, and what it gave back reads as zeros. The medium has holes. */
  thinProvisioned: boolean;
  /** Bytes, VPD page B0. */
  optimalTransferLength: number;
  /** Bytes, VPD page B0. */
  maximumTransferLength: number;
  /** 2^n logical blocks in a physical one, READ CAPACITY(16). */
  physicalBlockExponent: number;
  /** TST 001b of the control mode page; otherwise the nexuses share one task set. */
  taskSetPerNexus: boolean;
  /**
   * Other units, of other machines, have the medium too: no cache (WCE is 0 for good), and no command that only works while
   * all who use the medium come this way.
   */
  sharedMedium: boolean;
}

export interface LogicalUnitOptions extends Partial<UnitSettings> {
  personality: Personality;
  identity: UnitIdentity;
  /** Of `blockSize`. Undefined: NOT READY until replaceMedium(). */
  medium: Medium | undefined;
  /** Default: that of the medium. */
  blockSize?: number;
  /** Default: the system's. */
  clock?: () => number;
}

export interface LogicalUnit {
  readonly personality: Personality;
  readonly settings: Readonly<UnitSettings>;
  /** Bytes. */
  readonly blockSize: number;
  identity: UnitIdentity;
  /** Nothing: the unit is NOT READY, see mediumAbsence(). */
  medium: Medium | undefined;
  /** Of the medium before, while there is none. */
  formerBlocks: bigint | undefined;
  /** The medium of a removable unit that an initiator took out, and can load again. */
  ejected: Medium | undefined;
  /** A flush has failed: nothing is written any more. */
  writesLost: boolean;
  /** Since the engine's start. */
  readonly mediumFailures: Record<MediumFailureKind, number>;
  /** By its owner: whoever runs the commands holds them back. */
  blocked: boolean;
  /** Goes on, or has failed: commands that need the medium are refused meanwhile. */
  operation: UnitOperation | undefined;
  /** By id. */
  readonly nexuses: Map<string, Nexus>;
  /** Id of the nexus that holds the unit by RESERVE(6) or (10). */
  reservation: string | undefined;
  persistentReservations: PersistentReservations;
  /** Ids of nexuses whose commands that haven't started PREEMPT AND ABORT ended: whoever keeps them takes this list. */
  readonly taskSetsToAbort: string[];
  /** Current values of the pages that MODE SELECT can change, by page code, each with its header. */
  readonly modePages: Map<number, Uint8Array>;
  /** Of the same pages the values that MODE SELECT with SP saved: a reset and a start bring them back. Never changed in place. */
  savedModePages: ReadonlyMap<number, Uint8Array>;
  /** By INFORMATION TYPE; what SET IDENTIFYING INFORMATION wrote. Never changed in place. */
  identifyingInformation: ReadonlyMap<number, Uint8Array>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Milliseconds from the clock to what SET TIMESTAMP made of it; nothing: it was never set. */
  timestampOffset: number | undefined;
  /** Goes up whenever a snapshot taken now would differ from the one before. */
  stateVersion: number;
}

const DEFAULT_SETTINGS: UnitSettings = {
  readOnly: false,
  removable: false,
  rotational: true,
  writeCache: true,
  nvCache: false,
  sharedMedium: false,
  thinProvisioned: false,
  // SCST's opt_trans_len.
  optimalTransferLength: 524_288,
  maximumTransferLength: 1_048_576,
  physicalBlockExponent: 0,
  taskSetPerNexus: true,
};

export function createLogicalUnit(options: LogicalUnitOptions): LogicalUnit {
  const { personality, identity, medium, blockSize = medium?.blockSize, clock = Date.now, ...settings } = options;
  if (blockSize === undefined) throw new TypeError('neither medium nor block size');
  const unit: LogicalUnit = {
    personality,
    settings: { ...DEFAULT_SETTINGS, ...settings },
    blockSize,
    identity,
    medium,
    formerBlocks: undefined,
    ejected: undefined,
    writesLost: false,
    blocked: false,
    mediumFailures: { read: 0, write: 0, noSpace: 0, flush: 0 },
    operation: undefined,
    nexuses: new Map(),
    reservation: undefined,
    persistentReservations: NO_PERSISTENT_RESERVATIONS,
    taskSetsToAbort: [],
    modePages: new Map(),
    savedModePages: new Map(),
    identifyingInformation: new Map(),
    clock,
    timestampOffset: undefined,
    stateVersion: 0,
  };
  resetModePages(unit);
  return unit;
}

/**
 * A new nexus gets the power-on unit attention, or where it was one of another unit so far what `arrival` says. One that is known by id (from a snapshot, or already there) keeps what it
 * has pending; what differs from its former identity is announced to it (2A/01 for readOnly, 3F/03 for the rest).
 */
export function addNexus(
  unit: LogicalUnit,
  identity: NexusIdentity,
  arrival: 'powerOn' | 'inquiryDataChanged' | 'silent' = 'powerOn',
): void {
  const known = unit.nexuses.get(identity.id);
  if (!known) {
    const nexus: Nexus = { id: identity.id, identity, attentions: [], preventsRemoval: false };
    unit.nexuses.set(identity.id, nexus);
    if (arrival !== 'silent') raise(unit, nexus, ATTENTION[arrival]);
    return;
  }
  const former = known.identity;
  known.identity = identity;
  if (!former) return;
  // To the unit it is another initiator port: what the former one had reserved is gone with it.
  if (!equalBytes(former.transportId, identity.transportId)) nexusLoss(unit, identity.id);
  if (former.readOnly !== identity.readOnly) raise(unit, known, ATTENTION.modeParametersChanged);
  if (
    former.scsiTransportVersion !== identity.scsiTransportVersion ||
    former.physTransportVersion !== identity.physTransportVersion ||
    former.relTgtId !== identity.relTgtId
  ) {
    raise(unit, known, ATTENTION.inquiryDataChanged);
  }
}

/** I_T nexus loss for good: its reservation and its PREVENT go with it. No effect if there's none of that id. */
export function removeNexus(unit: LogicalUnit, nexusId: string): void {
  if (!unit.nexuses.delete(nexusId)) return;
  if (unit.reservation === nexusId) unit.reservation = undefined;
  unit.stateVersion++;
}

/** I_T nexus loss of a nexus that lives on (SAM-5 6.3.4): 29/07 on itself. */
export function nexusLoss(unit: LogicalUnit, nexusId: string): void {
  const nexus = unit.nexuses.get(nexusId);
  if (!nexus) return;
  if (unit.reservation === nexusId) unit.reservation = undefined;
  nexus.preventsRemoval = false;
  unit.stateVersion++;
  raise(unit, nexus, ATTENTION.nexusLossOccurred);
}

/**
 * LOGICAL UNIT RESET (SAM-5 6.3.3): drops the SPC-2 reservation and every PREVENT, restores the mode pages and raises 29/03
 * on each nexus but the one that asked for it (every one if `nexusId` is undefined). Aborting commands is the engine's part.
 */
export function resetLogicalUnit(unit: LogicalUnit, nexusId: string | undefined): void {
  unit.reservation = undefined;
  for (const nexus of unit.nexuses.values()) nexus.preventsRemoval = false;
  resetModePages(unit);
  unit.stateVersion++;
  raiseOnAll(unit, ATTENTION.busDeviceReset, nexusId);
}

/** Raises a unit attention condition on every nexus; `except`: id of the nexus that caused it. */
export function raiseAttention(unit: LogicalUnit, code: Pick<SenseCode, 'asc' | 'ascq'>, except?: string): void {
  raiseOnAll(unit, code, except);
}

/**
 * Commands of these nexuses were ended at the wish of another one. With TAS=1 the status TASK ABORTED tells them; with 0 a unit
 * attention does (SAM-5 5.3.1, SPC-4 7.5.8), beside the status, which the kernel needs in any case.
 */
export function tellCommandsCleared(unit: LogicalUnit, nexusIds: Iterable<string>): void {
  if (taskAbortedStatus(unit)) return;
  for (const id of nexusIds) {
    const nexus = unit.nexuses.get(id);
    if (nexus) raise(unit, nexus, ATTENTION.commandsCleared);
  }
}

/** Replaces the medium by one of the same block size: 2A/09 on every nexus if the capacity differs. Undefined: NOT READY. */
export function replaceMedium(unit: LogicalUnit, medium: Medium | undefined): void {
  const former = unit.medium?.blocks ?? unit.ejected?.blocks ?? unit.formerBlocks;
  unit.formerBlocks = former;
  unit.medium = medium;
  if (unit.ejected) unit.stateVersion++;
  unit.ejected = undefined;
  if (medium && medium.blocks !== former) raiseOnAll(unit, ATTENTION.capacityChanged);
}

/** Its commands are to be held back until unblock(), over a restart of the engine too. */
export function block(unit: LogicalUnit): void {
  unit.blocked = true;
  unit.stateVersion++;
}

export function unblock(unit: LogicalUnit): void {
  unit.blocked = false;
  unit.stateVersion++;
}

/** Sense of a command that needs the medium while there is none: out of a removable unit, else closed by its owner. */
export function mediumAbsence({ settings }: LogicalUnit): SenseData {
  return settings.removable ? SENSE.mediumNotPresent : SENSE.manualInterventionRequired;
}

/** Replaces the identity: 3F/03 on every nexus. */
export function replaceIdentity(unit: LogicalUnit, identity: UnitIdentity): void {
  unit.identity = identity;
  raiseOnAll(unit, ATTENTION.inquiryDataChanged);
}

/** Id of a nexus that forbids removal of the medium, if any. */
export function removalPreventedBy(unit: LogicalUnit): string | undefined {
  return [...unit.nexuses.values()].find((nexus) => nexus.preventsRemoval)?.id;
}

/** The pages as they are after a start: the saved values, where there are any. */
export function resetModePages(unit: LogicalUnit): void {
  unit.modePages.clear();
  for (const [code, page] of initialModePages(unit)) unit.modePages.set(code, page);
}

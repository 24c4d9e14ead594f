// What the agent and the engine say to each other over <run-dir>/engine.sock (JSON-RPC), version 1.

/** Raised with every change that an older peer would misread; the agent refuses an engine of another version. */
export const PROTOCOL_VERSION = 1;

/** The complete wish of the agent: what is not in it any more is let go once its ring is gone from the kernel. */
export interface EngineConfiguration {
  protocolVersion: number;
  units: UnitConfiguration[];
}

/** One logical unit: the instance of one ScstDevice on this node. */
export interface UnitConfiguration extends HandlerConfiguration {
  /** uid of the ScstDevice: the key of the unit. */
  uid: string;
  /** Name of the ScstDevice, for errors and logs. */
  name: string;
  generation: number;
  identity: IdentityConfiguration;
  rings: RingConfiguration[];
}

/** The member of the handler is set; diskOf() reads it. */
export interface HandlerConfiguration {
  /** Units of other nodes have the medium too. Absent: no. */
  sharedMedium?: boolean;
  handler: 'vdiskFileio' | 'vdiskBlockio' | 'vdiskNullio';
  vdiskFileio?: FileioConfiguration;
  vdiskBlockio?: BlockioConfiguration;
  vdiskNullio?: NullioConfiguration;
}

/** What every disk has. */
export interface DiskConfiguration {
  /** Bytes; absent: the size that the backing has. */
  size?: number;
  blocksize: number;
  readOnly: boolean;
  removable: boolean;
  rotational: boolean;
  /** Bytes, VPD page B0. Absent: SCST's default. */
  optimalTransferLength?: number;
  /** TST 001b of the control mode page; absent: so it is. */
  taskSetPerNexus?: boolean;
}

export interface FileioConfiguration extends DiskConfiguration {
  filename: string;
  writeThrough: boolean;
  nvCache: boolean;
  thinProvisioned: boolean;
  /** The file is open; otherwise commands that need the medium end as NOT READY. */
  active: boolean;
  /** READ and WRITE bypass the page cache. Absent: no. */
  directIO?: boolean;
  /** Bytes, READ CAPACITY(16). Absent: blocksize. */
  physicalBlockSize?: number;
}

/** READ and WRITE bypass the page cache. */
export interface BlockioConfiguration extends DiskConfiguration {
  filename: string;
  writeThrough: boolean;
  nvCache: boolean;
  /** Absent: as the block device does. */
  thinProvisioned?: boolean;
  /** The block device is open; otherwise commands that need the medium end as NOT READY. */
  active: boolean;
  /** Bytes, READ CAPACITY(16). Absent: that of the block device. */
  physicalBlockSize?: number;
  /** The block device is kept from others (O_EXCL). False: LIO serves it, and keeps it itself. */
  claim: boolean;
}

export interface NullioConfiguration extends DiskConfiguration {
  size: number;
}

export interface IdentityConfiguration {
  vendor: string;
  product: string;
  revision: string;
  serial: string;
  t10DeviceId: string;
  vendorSpecificId: string;
  naa: string;
  eui64?: string;
  /** SCSI name string of the target device. */
  scsiDeviceName?: string;
  /** Bytes 36 to 55 of INQUIRY, or from 96 on where it is longer than that. */
  inquiryVendorSpecific?: string;
}

/** One TCMU ring: one LUN in one session, which gives the I_T nexus its identity. */
export interface RingConfiguration {
  /** Directory below /sys/kernel/config/target/core, such as user_21332. */
  hba: string;
  /** Name of the backstore in that directory; the uio name is tcm-user/<N>/<backstore>/<dev_config>. */
  backstore: string;
  sessionUid: string;
  lunUid: string;
  /** scstName of target and session. */
  target: string;
  session: string;
  lun: number;
  readOnly: boolean;
  /** SPC TransportID of the initiator port, hexadecimal. */
  transportId: string;
  scsiTransportVersion: number;
  physTransportVersion: number;
  relTgtId: number;
  /**
   * Its unit takes it over from another one, whose ring it was, without telling the initiator. Absent or false: with
   * INQUIRY DATA HAS CHANGED.
   */
  takenOverSilently?: boolean;
}

export type UnitReason =
  | 'BackingInUse'
  | 'PathNotAllowed'
  | 'NotARegularFile'
  | 'NotABlockDevice'
  | 'MultipleLinks'
  | 'SizeNotMultiple'
  /** The file is larger than the size that is asked for; a file is never cut. */
  | 'SizeTooSmall'
  /** The block device has less than the size that is asked for. */
  | 'SizeTooLarge'
  | 'SizeUnknown'
  | 'InsufficientSpace'
  | 'BackingNotFound'
  | 'BackingError'
  /** FORMAT UNIT or SANITIZE goes on: the change is made when it has ended. */
  | 'OperationInProgress'
  /** A flush has failed: what was written since the one before may be lost. Writes are refused until the device was inactive. */
  | 'WritesLost'
  /** The file was cut by others while it was open: reads behind its end fail, until the device was inactive. */
  | 'BackingTruncated'
  /** By the wish. */
  | 'Inactive'
  /** By the node's owner. */
  | 'Blocked'
  /** State of the device that must not be lost can't be read. */
  | 'StateUnreadable'
  | 'AttributeNotSupported';

export interface UnitStatus {
  uid: string;
  generation: number;
  state: 'Ready' | 'Failed';
  reason?: UnitReason;
  message?: string;
  /** Bytes; absent while the backing isn't open, or the medium was ejected. */
  size?: number;
  /** UNMAP gives space back. Absent while the backing isn't open. */
  thinProvisioned?: boolean;
  rings: RingStatus[];
  /** Failed accesses to the backing since the engine's start, by what failed; 'noSpace' are writes. */
  failures: Record<'read' | 'write' | 'noSpace' | 'flush', number>;
  /** Commands that ended with INTERNAL TARGET FAILURE since the engine's start: defects of the engine. Absent: not told. */
  internalFailures?: number;
}
export interface RingStatus {
  hba: string;
  backstore: string;
  /** Waiting: no uio device of that name, or an older engine still holds it. */
  state: 'Attached' | 'Waiting' | 'Failed';
  message?: string;
  counters?: RingCounters;
}
/** Since the ring was attached. By the direction of the data, as SCST counts: INQUIRY is a read. None is bidirectional: Linux has no such commands. */
export interface RingCounters {
  reads: number;
  writes: number;
  readBytes: number;
  writeBytes: number;
  /** Commands without data. Absent: not told. */
  withoutData?: number;
  /** READ and WRITE of a range that doesn't begin and end at a multiple of 4096 bytes. Absent: not told. */
  unalignedReads?: number;
  unalignedWrites?: number;
  /** Commands that went through TypeScript. */
  handedOver: number;
  inFlight: number;
  /** Commands found in the ring when it was attached: they were in flight when the former engine ended. */
  foundAtAttach: number;
  aborts: number;
  resets: number;
}
export interface EngineStatus {
  protocolVersion: number;
  pid: number;
  version: string;
  units: UnitStatus[];
}

/** The first call on each connection: both sides learn whether they speak the same version. */
export interface HelloParameters {
  protocolVersion: number;
}
export interface HelloResult {
  protocolVersion: number;
  pid: number;
  version: string;
}

/** reclaimPolicy Delete: the backing file of a unit that was removed. */
export interface ReclaimParameters {
  filename: string;
  /** uid of the ScstDevice that the file belonged to. */
  uid: string;
}
export interface ReclaimResult {
  /** True also when the file was gone already. */
  deleted: boolean;
  /** Why it was not deleted. */
  message?: string;
}

/**
 * What the device's owner does with it while it is used. eject, load: its medium, unless an initiator prevents it; no effect
 * where it is so already. block: its commands wait until unblock, also those of a later engine of this boot, and what was
 * written is durable. softThreshold: the initiators are told that a thin unit's space runs low.
 */
export type UnitAction = 'eject' | 'load' | 'block' | 'unblock' | 'softThreshold';

/** Requests of the agent: method name → parameters and result. */
export interface EngineRequests {
  hello: { params: HelloParameters; result: HelloResult };
  /** Idempotent; resolves when every unit is open or refused and every ring that exists in the kernel was tried. */
  configure: { params: EngineConfiguration; result: EngineStatus };
  status: { params: Record<string, never>; result: EngineStatus };
  /** Before the host goes down: waits for what is in flight and fdatasyncs every unit. */
  drain: { params: Record<string, never>; result: EngineStatus };
  /**
   * Deletes a backing file: never through a link, only below the allowed paths, only a regular file with one link,
   * not while a unit has it open.
   */
  reclaim: { params: ReclaimParameters; result: ReclaimResult };
  /** Rejects where the unit isn't open, or isn't one that this can be done with. */
  act: { params: { uid: string; action: UnitAction }; result: Record<string, never> };
  /** The host goes down, and nothing of the engine's is used any more: it closes its files, so that theirs can be unmounted. */
  end: { params: Record<string, never>; result: Record<string, never> };
}
export type EngineMethod = keyof EngineRequests;

/** Notification of the engine, with its EngineStatus: something changed by itself (a ring attached, a unit failed). */
export const STATUS_CHANGED = 'statusChanged';

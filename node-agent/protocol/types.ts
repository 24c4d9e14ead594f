// What the agent and the engine say to each other over <run-dir>/engine.sock (JSON-RPC), version 1.

/** Raised with every change that an older peer would misread; the agent refuses an engine of another version. */
export const PROTOCOL_VERSION = 1;

/** The complete wish of the agent: what is not in it any more is let go once its ring is gone from the kernel. */
export interface EngineConfiguration {
  protocolVersion: number;
  units: UnitConfiguration[];
}

/** One logical unit: the instance of one ScstDevice on this node. */
export interface UnitConfiguration {
  /** uid of the ScstDevice: the key of the unit. */
  uid: string;
  /** Name of the ScstDevice, for errors and logs. */
  name: string;
  generation: number;
  handler: 'vdiskFileio';
  vdiskFileio: FileioConfiguration;
  identity: IdentityConfiguration;
  rings: RingConfiguration[];
}
export interface FileioConfiguration {
  filename: string;
  /** Bytes; absent: the size that the file has. */
  size?: number;
  blocksize: number;
  readOnly: boolean;
  writeThrough: boolean;
  nvCache: boolean;
  removable: boolean;
  rotational: boolean;
  thinProvisioned: boolean;
  /** The file is open; otherwise commands that need the medium end as NOT READY. */
  active: boolean;
  /** READ and WRITE bypass the page cache. Absent: no. */
  directIO?: boolean;
  /** Bytes, READ CAPACITY(16). Absent: blocksize. */
  physicalBlockSize?: number;
  /** Bytes, VPD page B0. Absent: SCST's default. */
  optimalTransferLength?: number;
  /** TST 001b of the control mode page; absent: so it is. */
  taskSetPerNexus?: boolean;
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
}

export type UnitReason =
  | 'BackingInUse'
  | 'PathNotAllowed'
  | 'NotARegularFile'
  | 'MultipleLinks'
  | 'SizeNotMultiple'
  /** The file is larger than the size that is asked for; a file is never cut. */
  | 'SizeTooSmall'
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
/** Since the ring was attached. */
export interface RingCounters {
  reads: number;
  writes: number;
  readBytes: number;
  writeBytes: number;
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
}
export type EngineMethod = keyof EngineRequests;

/** Notification of the engine, with its EngineStatus: something changed by itself (a ring attached, a unit failed). */
export const STATUS_CHANGED = 'statusChanged';

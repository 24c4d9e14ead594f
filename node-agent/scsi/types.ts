// The contract of the SCSI layer: a command is a function over a CDB, the logical unit's state and a nexus.

/** SAM-5 5.3.1 */
export const STATUS = {
  good: 0x00,
  checkCondition: 0x02,
  busy: 0x08,
  reservationConflict: 0x18,
  taskSetFull: 0x28,
  taskAborted: 0x40,
} as const;

/** Sense key, additional sense code and qualifier. */
export interface SenseCode {
  key: number;
  asc: number;
  ascq: number;
}

export interface CommandResult {
  status: number;
  /** Data-In, already cut to the allocation length. */
  data?: Uint8Array;
  /** Fixed or descriptor format, as D_SENSE says. */
  sense?: Uint8Array;
}

/** What a disk stores into. Offsets and lengths in bytes; implementations throw MediumError. */
export interface Medium {
  readonly blockSize: number;
  readonly blocks: bigint;
  read(offset: number, into: Uint8Array): Promise<void>;
  /** durable: on the disk before it resolves. */
  write(offset: number, data: Uint8Array, durable: boolean): Promise<void>;
  flush(): Promise<void>;
  /** The range reads as zeros; its space is kept where the medium can do so. */
  zero(offset: number, length: number): Promise<void>;
  /** The range reads as zeros and its space is given back. Only of a medium with holes. */
  discard(offset: number, length: number): Promise<void>;
  /** The first run from `offset`, at most `length` bytes: whether it has space, and how long it is. */
  extentAt(offset: number, length: number): Promise<{ mapped: boolean; length: number }>;
  /** Something was written since the last flush. Absent: it isn't known to be so. */
  readonly unflushed?: boolean;
  /** Bytes that are given back as one; 0: the medium has no holes. */
  readonly allocationUnit: number;
}

/** Told before a write that must happen as a whole, even if the engine dies in the middle of it, or the power is lost. */
export interface WriteJournal {
  /** Resolves when the write will be made good by a successor. Offset in bytes. */
  begin(offset: number, data: Uint8Array, durability: 'throughEngineDeath' | 'throughPowerLoss'): Promise<void>;
}

/** 'flush': what was written since the flush before may be lost. */
export type MediumFailureKind = 'read' | 'write' | 'noSpace' | 'flush';

/** What the medium's failure is shown as. */
export class MediumError extends Error {
  constructor(
    readonly kind: MediumFailureKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An I_T nexus: one session's view of one logical unit. */
export interface NexusIdentity {
  /** Stable over engine restarts: <sessionUid>/<lunUid>. */
  id: string;
  /** SPC TransportID of the initiator port. */
  transportId: Uint8Array;
  readOnly: boolean;
  scsiTransportVersion: number;
  physTransportVersion: number;
  relTgtId: number;
}

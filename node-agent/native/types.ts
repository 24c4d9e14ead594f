// The TypeScript face of the native add-on: rings, gates and the few system calls that Node lacks.

/** Bits of a ring's nexus flags; with any bit set that concerns a command, the command is handed over to TypeScript. */
export const NEXUS_FLAG = {
  unitAttention: 1,
  readOnly: 2,
  /** A reservation of another nexus forbids writes. */
  writeBlocked: 4,
  /** A reservation of another nexus forbids every medium access. */
  accessBlocked: 8,
  notReady: 16,
} as const;

export interface UnitOptions {
  /** Open file of the medium; the unit keeps a duplicate. -1: no medium, so every medium access is handed over. */
  fd: number;
  /** Bytes, power of two ≥ 512. */
  blockSize: number;
  blocks: bigint;
  /** WCE: false makes each write RWF_DSYNC. */
  writeCache: boolean;
  /** nvCache: SYNCHRONIZE CACHE and FUA are answered without a flush. */
  nvCache: boolean;
  /** 256 bytes, 1 where the opcode has a Data-Out phase: only those are handed over with data. */
  dataOutOpcodes: Uint8Array;
}

/** A command that the fast path hands over. The buffers are copies. */
export interface HandedOverCommand {
  kind: 'command';
  /** cmd_id of the ring: passed back to complete(). */
  id: number;
  cdb: Uint8Array;
  /** Data-Out, or an empty array. Its length is the transport's, not the CDB's. */
  dataOut: Uint8Array;
  /** Bytes that the transport has for Data-In (sum of the iovs where there's no Data-Out). */
  dataInLength: number;
  /** The fast path tried and failed. After a failed flush the data may be lost: a later flush that succeeds proves nothing. */
  failure?: NativeFailure;
}
export interface NativeFailure {
  operation: 'read' | 'write' | 'flush';
  errno: number;
}
/** A task management entry of the ring; the ring thread has already stepped over it. */
export interface TaskManagementEvent {
  kind: 'taskManagement';
  /** tcmu_tmr_type: 1 ABORT TASK … 5 LUN RESET, 128 LUN RESET PRO. */
  type: number;
  ids: number[];
}
/** The uio device went away (the backstore was removed): the ring has stopped by itself. */
export interface RingGoneEvent {
  kind: 'gone';
}
/** The ring is broken or its thread failed. */
export interface RingFailedEvent {
  kind: 'failed';
  message: string;
}
export type RingEvent = HandedOverCommand | TaskManagementEvent | RingGoneEvent | RingFailedEvent;

export interface RingCountersNative {
  reads: bigint;
  writes: bigint;
  readBytes: bigint;
  writeBytes: bigint;
  /** READ and WRITE of a range that doesn't begin and end at a multiple of 4096 bytes. */
  unalignedReads: bigint;
  unalignedWrites: bigint;
  /** Of the fast path. */
  withoutData: bigint;
  handedOver: bigint;
  inFlight: number;
  /** Commands between cmd_tail and cmd_head when the ring was mapped. */
  foundAtAttach: number;
}

export interface NativeRing {
  /** Bits of NEXUS_FLAG; takes effect for every command fetched afterwards. */
  setFlags(flags: number): void;
  /**
   * Completes a handed-over command. data: Data-In (shorter than the transport's length: READ_LEN is set, the rest zeroed).
   * Ignored when the ring has ended; throws for an id that is not handed over.
   */
  complete(id: number, status: number, data: Uint8Array | null, sense: Uint8Array | null): void;
  counters(): RingCountersNative;
  /** Stops the thread when nothing is executing (handed-over commands stay in the ring), unmaps, closes the uio. No event comes after it resolves. */
  stop(): Promise<void>;
}

export interface RingOptions {
  uioFd: number;
  /** Bytes: maps/map0/size. */
  mapSize: number;
  /** Bits of NEXUS_FLAG to start with. */
  flags: number;
  /** What to map in place of uioFd (the add-on maps it and leaves it open): a simulator's uio can't be mapped. */
  mapFd?: number;
}

export interface NativeUnit {
  /**
   * Takes an already opened uio fd (O_RDWR) of a ring that was just reset, maps it and serves it. Its thread starts with its
   * first command, or within moments; where it can't, the ring ends with a "failed" event.
   * The add-on owns the fd afterwards (not when it throws). An attached ring doesn't keep the process alive.
   */
  attachRing(options: RingOptions, onEvents: (events: RingEvent[]) => void): NativeRing;
  /** After it resolves no ring of the unit executes in native code, and each new command is handed over. Nests by count. */
  closeGate(): Promise<void>;
  openGate(): void;
  /** Only with the gate closed, after closeGate() has resolved. */
  update(options: Partial<Omit<UnitOptions, 'dataOutOpcodes'>>): void;
  /** Closes the duplicate fd; every ring must have been stopped. */
  close(): void;
}

export interface DirectoryEntry {
  name: string;
  directory: boolean;
  /** Of a symbolic link. */
  target?: string;
}

export interface NativeBinding {
  /**
   * openat2(2) of `path` (relative) below directory `root` with RESOLVE_BENEATH|NO_MAGICLINKS|NO_SYMLINKS, O_CLOEXEC added.
   * Throws an Error with `code` (ENOENT, EXDEV, ELOOP, …).
   */
  openBeneath(root: string, path: string, flags: number, mode: number): Promise<number>;
  /**
   * Texts of files and entries of directories, in the order of their paths, null for what isn't there (ENOENT, ENODEV, ENXIO). A
   * read that comes short of a page is taken for a file's last. Throws an Error with `code` for any other trouble with one of them.
   */
  readNodes(
    files: readonly string[],
    directories: readonly string[],
  ): Promise<{ files: (string | null)[]; directories: (DirectoryEntry[] | null)[] }>;
  /**
   * At each path one write(2) of the text to a file that exists, at most 4096 bytes, as configfs and sysfs take a value; a directory
   * is made where the text is null. In order, whatever fails; resolves to the Error of each, with `code`, or null.
   */
  changeNodes(paths: readonly string[], texts: readonly (string | null)[]): Promise<(NodeJS.ErrnoException | null)[]>;
  /**
   * Open file description lock over the whole file, not waiting for others: false when another holds one that conflicts.
   * A write lock, or a read lock where fd is open for reading only or `shared` is true: others may have one of those too.
   */
  tryLock(fd: number, shared: boolean): Promise<boolean>;
  /** Commands in a mapped ring between cmd_tail and cmd_head, without taking them (maps and unmaps). */
  countOutstanding(uioFd: number, mapSize: number): number;
  /** fallocate(2) with PUNCH_HOLE: the range, in bytes, reads as zeros and its space is given back. EOPNOTSUPP where the file system can't. */
  punchHole(fd: number, offset: number, length: number): Promise<void>;
  /** fallocate(2) with ZERO_RANGE: the range reads as zeros and stays allocated. EOPNOTSUPP where the file system can't. */
  zeroRange(fd: number, offset: number, length: number): Promise<void>;
  /** The first run from `offset`, at most `length` bytes: whether the file has space for it, and how long it is. */
  extentAt(fd: number, offset: number, length: number): Promise<{ mapped: boolean; length: number }>;
  /** Reads into memory that is aligned to 4096 bytes, and forgets it. EINVAL where a file opened with O_DIRECT can't be read so. */
  readDirectly(fd: number, offset: number, length: number): Promise<void>;
  createUnit(options: UnitOptions): NativeUnit;
}

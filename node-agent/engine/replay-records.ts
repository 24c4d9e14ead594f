// Results of commands that must not run twice: an engine that dies before it has answered leaves them to its successor.
import { createHash } from 'node:crypto';
import type { FileName } from '../backing/file-name.js';
import type { CommandResult } from '../scsi/index.js';

/** Milliseconds that the kernel may take to send a command again, which it does at once. */
const RESEND_MS = 30_000;

/** JSON of a record. */
export interface StoredResult {
  nexusId: string;
  /** Hexadecimal. */
  cdb: string;
  /** SHA-256 of Data-Out. */
  dataOut: string;
  status: number;
  /** Hexadecimal. */
  sense?: string;
}

/** A write that was begun, and which the successor of an engine that dies makes again before anything else. */
export interface BegunWrite {
  /** What its command is answered with when it is sent again. */
  result: StoredResult;
  /** Absent: noted by an engine that didn't keep it. */
  file?: FileName;
  /** Bytes. */
  offset: number;
  /** Base64. */
  data: string;
}

/**
 * After its engine's death every command that was not answered ends as BUSY in the kernel, which sends it again under
 * another id: nothing but its nexus and its bytes tell that it is the same. A record is dropped once its answer is out,
 * so a successor finds those only that were on their way.
 */
export class ReplayRecords {
  /** Goes up with every change. */
  version = 0;
  begunWrite: BegunWrite | undefined;
  private readonly inherited: { record: StoredResult; until: number }[];
  private readonly own = new Set<StoredResult>();

  constructor(
    inherited: readonly StoredResult[],
    private readonly now: () => number = Date.now,
  ) {
    this.inherited = inherited.map((record) => ({ record, until: this.now() + RESEND_MS }));
  }

  /** The result that the former engine had for this command, once. */
  take(nexusId: string, cdb: Uint8Array, dataOut: Uint8Array): CommandResult | undefined {
    const wanted = resultOf(nexusId, cdb, dataOut, { status: 0 });
    const at = this.inherited.findIndex(({ record, until }) => this.now() < until && isSame(record, wanted));
    const [found] = at < 0 ? [] : this.inherited.splice(at, 1);
    if (found === undefined) return undefined;
    this.version += 1;
    const { status, sense } = found.record;
    return { status, ...(sense === undefined ? {} : { sense: Uint8Array.from(Buffer.from(sense, 'hex')) }) };
  }

  /** The caller stores the records before it writes. `result`: of the command, if the write succeeds. */
  begin(result: StoredResult, file: FileName, offset: number, data: Uint8Array): void {
    this.begunWrite = { result, file, offset, data: Buffer.from(data).toString('base64') };
    this.version += 1;
  }

  /** The write has ended, well or not. */
  endWrite(): void {
    if (this.begunWrite === undefined) return;
    this.begunWrite = undefined;
    this.version += 1;
  }

  /** The caller stores the records before the answer goes out. The returned function drops the record again. */
  finish(result: StoredResult): () => void {
    this.own.add(result);
    this.version += 1;
    return () => {
      this.own.delete(result);
      this.version += 1;
    };
  }

  get results(): StoredResult[] {
    return [...this.inherited.filter(({ until }) => this.now() < until).map(({ record }) => record), ...this.own];
  }
}

function isSame(one: StoredResult, other: StoredResult): boolean {
  return one.nexusId === other.nexusId && one.cdb === other.cdb && one.dataOut === other.dataOut;
}

export function resultOf(
  nexusId: string,
  cdb: Uint8Array,
  dataOut: Uint8Array,
  { status, sense }: CommandResult,
): StoredResult {
  return {
    nexusId,
    cdb: Buffer.from(cdb).toString('hex'),
    dataOut: createHash('sha256').update(dataOut).digest('hex'),
    status,
    ...(sense === undefined ? {} : { sense: Buffer.from(sense).toString('hex') }),
  };
}

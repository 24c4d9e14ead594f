// Results of commands that must not run twice: an engine that dies before it has answered leaves them to its successor.
import { createHash } from 'node:crypto';
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

/**
 * After its engine's death every command that was not answered ends as BUSY in the kernel, which sends it again under
 * another id: nothing but its nexus and its bytes tell that it is the same. A record is dropped once its answer is out,
 * so a successor finds those only that were on their way.
 */
export class ReplayRecords {
  private readonly inherited: { record: StoredResult; until: number }[] = [];
  private readonly own = new Set<StoredResult>();

  constructor(
    inherited: readonly StoredResult[] = [],
    private readonly now: () => number = Date.now,
  ) {
    this.inherited = inherited.map((record) => ({ record, until: this.now() + RESEND_MS }));
  }

  /** The result that the former engine had for this command, once. */
  take(nexusId: string, cdb: Uint8Array, dataOut: Uint8Array): CommandResult | undefined {
    const wanted = recordOf(nexusId, cdb, dataOut, { status: 0 });
    const at = this.inherited.findIndex(
      ({ record, until }) =>
        this.now() < until &&
        record.nexusId === nexusId &&
        record.cdb === wanted.cdb &&
        record.dataOut === wanted.dataOut,
    );
    const [found] = at < 0 ? [] : this.inherited.splice(at, 1);
    if (found === undefined) return undefined;
    const { status, sense } = found.record;
    return { status, ...(sense === undefined ? {} : { sense: Uint8Array.from(Buffer.from(sense, 'hex')) }) };
  }

  /** Before the answer goes out; the caller stores the records then. The returned function drops the record again. */
  add(nexusId: string, cdb: Uint8Array, dataOut: Uint8Array, result: CommandResult): () => void {
    const record = recordOf(nexusId, cdb, dataOut, result);
    this.own.add(record);
    return () => this.own.delete(record);
  }

  stored(): StoredResult[] {
    return [...this.inherited.filter(({ until }) => this.now() < until).map(({ record }) => record), ...this.own];
  }
}

function recordOf(
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

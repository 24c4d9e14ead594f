// What goes wrong with a unit's backing while it is served, as the unit's status tells it.
import type { Logger } from 'pino';
import type { Backing } from '../backing/backing.js';
import type { UnitReason } from '../protocol/types.js';
import type { LogicalUnit } from '../scsi/index.js';

export interface BackingFailure {
  reason: UnitReason;
  message: string;
}

export class BackingHealth {
  private failedReads = 0;
  private truncated: BackingFailure | undefined;
  private told: UnitReason | undefined;

  constructor(
    private readonly log: Logger,
    /** The failure came or went. */
    private readonly changed: () => void,
  ) {}

  failure({ writesLost }: LogicalUnit): BackingFailure | undefined {
    return writesLost ? WRITES_LOST : this.truncated;
  }

  /** After a command: looks closer where one has failed since. Never rejects. */
  async examine(scsi: LogicalUnit, backing: Backing | undefined): Promise<void> {
    const { read } = scsi.mediumFailures;
    if (read !== this.failedReads && backing !== undefined) {
      this.failedReads = read;
      const missing = await backing.missing().catch(() => 0n);
      this.truncated = missing > 0n ? truncatedBy(missing, backing.path) : undefined;
    }
    this.tell(scsi);
  }

  /** Another backing is open, or the same one again. */
  replaced(scsi: LogicalUnit): void {
    this.truncated = undefined;
    this.tell(scsi);
  }

  private tell(scsi: LogicalUnit): void {
    const failure = this.failure(scsi);
    if (failure?.reason === this.told) return;
    this.told = failure?.reason;
    if (failure !== undefined) this.log.error(failure, 'the backing has failed');
    this.changed();
  }
}

const WRITES_LOST: BackingFailure = {
  reason: 'WritesLost',
  message:
    'a flush has failed, or the block device went away with its cache: what was written before may be lost, and writes are refused; look after the data, then set active to false and back to true',
};

function truncatedBy(bytes: bigint, path: string): BackingFailure {
  return {
    reason: 'BackingTruncated',
    message: `${path} was cut by ${bytes} bytes while it was open: reads behind its end fail; look after the data, then set active to false and back to true`,
  };
}

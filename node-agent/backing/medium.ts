// The medium of a file or a block device: reads and writes of what is open, off the JavaScript thread.
import { fdatasync, read, write } from 'node:fs';
import { promisify } from 'node:util';
import limit from 'p-limit';
import type { NativeBinding } from '../native/types.js';
import { MediumError, type Medium, type MediumFailureKind } from '../scsi/types.js';

/** What of the add-on a medium uses. */
export type Allocation = Pick<NativeBinding, 'punchHole' | 'zeroRange' | 'extentAt'>;

const readAt = promisify(read);
const writeAt = promisify(write);
const syncData = promisify(fdatasync);

/** Accesses at a time: a file system that doesn't answer holds so many threads of Node's pool, and leaves the others theirs. */
const CONCURRENCY = 2;

/** Bytes of zeros that are written at once where the file system can't make them by itself. */
const ZEROS = new Uint8Array(1_048_576);

export class FileMedium implements Medium {
  unflushed = false;
  private readonly limited = limit(CONCURRENCY);

  constructor(
    private readonly binding: Allocation,
    readonly fd: number,
    readonly blockSize: number,
    readonly blocks: bigint,
    readonly allocationUnit: number,
  ) {}

  async read(offset: number, into: Uint8Array): Promise<void> {
    let done = 0;
    while (done < into.length) {
      const count = await this.attempt('read', () => readAt(this.fd, into, done, into.length - done, offset + done));
      // Somebody has cut the file: zeros would be data that nobody wrote.
      if (count === 0) throw new MediumError('read', `the file ends at or before byte ${offset + done}`);
      done += count;
    }
  }

  async write(offset: number, data: Uint8Array, durable: boolean): Promise<void> {
    this.unflushed = true;
    let done = 0;
    while (done < data.length) {
      done += await this.attempt('write', () => writeAt(this.fd, data, done, data.length - done, offset + done));
    }
    if (durable) await this.flush();
  }

  async flush(): Promise<void> {
    const before = this.unflushed;
    this.unflushed = false;
    await this.attempt('flush', async () => {
      await syncData(this.fd);
      return 0;
    }).catch((error: unknown) => {
      this.unflushed ||= before;
      throw error;
    });
  }

  async zero(offset: number, length: number): Promise<void> {
    this.unflushed = true;
    try {
      await this.limited(() => this.binding.zeroRange(this.fd, offset, length));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EOPNOTSUPP') throw asMediumError('write', error);
      for (let done = 0; done < length; done += ZEROS.length) {
        await this.write(offset + done, ZEROS.subarray(0, Math.min(ZEROS.length, length - done)), false);
      }
    }
  }

  async discard(offset: number, length: number): Promise<void> {
    await this.limited(() => this.binding.punchHole(this.fd, offset, length)).catch((error: unknown) => {
      throw asMediumError('write', error);
    });
  }

  async extentAt(offset: number, length: number): Promise<{ mapped: boolean; length: number }> {
    return await this.limited(() => this.binding.extentAt(this.fd, offset, length)).catch((error: unknown) => {
      throw asMediumError('read', error);
    });
  }

  private async attempt(
    kind: AccessKind,
    operation: () => Promise<number | { bytesRead: number } | { bytesWritten: number }>,
  ): Promise<number> {
    try {
      const result = await this.limited(operation);
      if (typeof result === 'number') return result;
      return 'bytesRead' in result ? result.bytesRead : result.bytesWritten;
    } catch (error) {
      throw asMediumError(kind, error);
    }
  }
}

type AccessKind = Exclude<MediumFailureKind, 'noSpace'>;

function asMediumError(kind: AccessKind, error: unknown): MediumError {
  const { code, message } = error as NodeJS.ErrnoException;
  const noSpace = kind === 'write' && (code === 'ENOSPC' || code === 'EDQUOT');
  return new MediumError(noSpace ? 'noSpace' : kind, message, { cause: error });
}

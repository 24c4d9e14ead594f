// The medium of vdiskFileio: reads and writes of an open file, off the JavaScript thread.
import { fdatasync, read, write } from 'node:fs';
import { promisify } from 'node:util';
import { MediumError, type Medium } from '../scsi/types.js';

const readAt = promisify(read);
const writeAt = promisify(write);
const syncData = promisify(fdatasync);

export class FileMedium implements Medium {
  constructor(
    readonly fd: number,
    readonly blockSize: number,
    readonly blocks: bigint,
  ) {}

  /** Fills what the file doesn't have with zeros: somebody may have cut it. */
  async read(offset: number, into: Uint8Array): Promise<void> {
    let done = 0;
    while (done < into.length) {
      const count = await this.attempt('read', () => readAt(this.fd, into, done, into.length - done, offset + done));
      if (count === 0) break;
      done += count;
    }
    into.fill(0, done);
  }

  async write(offset: number, data: Uint8Array, durable: boolean): Promise<void> {
    let done = 0;
    while (done < data.length) {
      done += await this.attempt('write', () => writeAt(this.fd, data, done, data.length - done, offset + done));
    }
    if (durable) await this.flush();
  }

  async flush(): Promise<void> {
    await this.attempt('write', async () => {
      await syncData(this.fd);
      return 0;
    });
  }

  private async attempt(
    kind: 'read' | 'write',
    operation: () => Promise<number | { bytesRead: number } | { bytesWritten: number }>,
  ): Promise<number> {
    try {
      const result = await operation();
      if (typeof result === 'number') return result;
      return 'bytesRead' in result ? result.bytesRead : result.bytesWritten;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const noSpace = kind === 'write' && (code === 'ENOSPC' || code === 'EDQUOT');
      throw new MediumError(noSpace ? 'noSpace' : kind, message, { cause: error });
    }
  }
}

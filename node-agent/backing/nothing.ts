// The backing of vdiskNullio: writes vanish, reads give zeros; never memory that was another's.
import { close, constants, open } from 'node:fs';
import { promisify } from 'node:util';
import type { NullioConfiguration } from '../protocol/types.js';
import type { Medium } from '../scsi/types.js';
import type { Backing } from './backing.js';

const openFile = promisify(open);
const closeFile = promisify(close);

/** What the ring engine reads and writes: both are as the kernel's zero(4) does them. */
const ZEROS = '/dev/zero';

export async function openNothing({ size, blocksize }: NullioConfiguration): Promise<Backing> {
  const fd = await openFile(ZEROS, constants.O_RDWR);
  return {
    path: ZEROS,
    fd,
    transferFd: fd,
    key: ZEROS,
    mark: '',
    medium: new NullMedium(blocksize, BigInt(size) / BigInt(blocksize)),
    created: false,
    own: {},
    storesNothing: true,
    missing: () => Promise.resolve(0n),
    lock: () => Promise.resolve(true),
    close: () => closeFile(fd),
  };
}

class NullMedium implements Medium {
  readonly allocationUnit = 0;

  constructor(
    readonly blockSize: number,
    readonly blocks: bigint,
  ) {}

  read(_offset: number, into: Uint8Array): Promise<void> {
    into.fill(0);
    return Promise.resolve();
  }

  write(): Promise<void> {
    return Promise.resolve();
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  zero(): Promise<void> {
    return Promise.resolve();
  }

  discard(): Promise<void> {
    return Promise.resolve();
  }

  extentAt(_offset: number, length: number): Promise<{ mapped: boolean; length: number }> {
    return Promise.resolve({ mapped: true, length });
  }
}

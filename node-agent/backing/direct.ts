// A backing file opened once more for READ and WRITE past the page cache, where file system and block size allow it.
import { close, constants, open } from 'node:fs';
import { promisify } from 'node:util';
import type { NativeBinding } from '../native/types.js';
import type { FileioConfiguration } from '../protocol/types.js';
import { BackingRefused } from './errors.js';

const openFile = promisify(open);
const closeFile = promisify(close);

/** What disks ask for at most, and file systems on them. */
const LARGEST_ALIGNMENT = 4096;

/**
 * The same file as `fd`, which stays the one of everything else: what TypeScript reads and writes is never aligned in memory,
 * and the kernel keeps both ways coherent. Throws BackingRefused with advice.
 */
export async function openDirectly(
  binding: Pick<NativeBinding, 'readDirectly'>,
  path: string,
  fd: number,
  { blocksize, readOnly }: Pick<FileioConfiguration, 'blocksize' | 'readOnly'>,
): Promise<number> {
  const flags = (readOnly ? constants.O_RDONLY : constants.O_RDWR) | constants.O_DIRECT;
  let direct: number;
  try {
    direct = await openFile(`/proc/self/fd/${fd}`, flags);
  } catch (error) {
    throw refused(`the file system of ${path} can't bypass the page cache; leave directIO out`, error);
  }
  const failure = await failureOf(binding.readDirectly(direct, 0, blocksize));
  if (failure === undefined) return direct;
  const larger = await failureOf(binding.readDirectly(direct, 0, LARGEST_ALIGNMENT));
  await closeFile(direct);
  const advice =
    larger === undefined ? `set blocksize to ${LARGEST_ALIGNMENT}, or leave directIO out` : 'leave directIO out';
  throw refused(`${path} can't be read past the page cache in blocks of ${blocksize} bytes; ${advice}`, failure);
}

async function failureOf(attempt: Promise<void>): Promise<Error | undefined> {
  return await attempt.then(
    () => undefined,
    (error: unknown) => error as Error,
  );
}

function refused(message: string, cause: unknown): BackingRefused {
  return new BackingRefused('AttributeNotSupported', `directIO: ${message}`, { cause });
}

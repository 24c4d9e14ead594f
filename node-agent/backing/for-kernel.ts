// Opens what LIO is to serve itself, a file or a block device: checked again, because only what is open counts.
import { close, constants, fstat } from 'node:fs';
import { promisify } from 'node:util';
import type { NativeBinding } from '../native/types.js';
import { openAllowed, resolveAllowed, resolveDevice } from './allowed-paths.js';
import { BackingRefused } from './errors.js';
import { checkFile } from './file.js';

const fileStatus = promisify(fstat);
const closeFile = promisify(close);

/** The kernel opens the descriptor anew for itself, a block device so that nobody else can have it. Throws BackingRefused. */
export async function openForKernel(
  binding: NativeBinding,
  { filename, kind }: { filename: string; kind: 'file' | 'blockDevice' },
  allowedPaths: readonly string[],
): Promise<{ fd: number; close: () => Promise<void> }> {
  const isFile = kind === 'file';
  const allowed = isFile ? resolveAllowed(filename, allowedPaths) : await resolveDevice(filename, allowedPaths);
  const fd = await openAllowed(
    binding,
    allowed,
    (isFile ? constants.O_RDWR : constants.O_RDONLY) | constants.O_NONBLOCK,
  );
  try {
    const status = await fileStatus(fd, { bigint: true });
    if (isFile) checkFile(allowed.path, status);
    else if (!status.isBlockDevice())
      throw new BackingRefused('NotABlockDevice', `${allowed.path} is not a block device`);
  } catch (error) {
    await closeFile(fd);
    throw error;
  }
  return { fd, close: () => closeFile(fd) };
}

// Opens a backing file that LIO is to serve itself: checked again, because only the open file counts.
import { close, constants, fstat } from 'node:fs';
import { promisify } from 'node:util';
import type { NativeBinding } from '../native/types.js';
import { openAllowed, resolveAllowed } from './allowed-paths.js';
import { checkFile } from './file.js';

const fileStatus = promisify(fstat);
const closeFile = promisify(close);

/** The kernel opens the descriptor anew for itself. Throws BackingRefused. */
export async function openForKernel(
  binding: NativeBinding,
  filename: string,
  allowedPaths: readonly string[],
): Promise<{ fd: number; close: () => Promise<void> }> {
  const allowed = resolveAllowed(filename, allowedPaths);
  const fd = await openAllowed(binding, allowed, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    checkFile(allowed.path, await fileStatus(fd, { bigint: true }));
  } catch (error) {
    await closeFile(fd);
    throw error;
  }
  return { fd, close: () => closeFile(fd) };
}

// A write to a file of configfs.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** One write(2), as configfs wants it, and without O_CREAT, which configfs answers with a misleading EACCES. */
export async function writeConfigfs(path: string, value: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY);
  try {
    await file.write(value);
  } finally {
    await file.close();
  }
}

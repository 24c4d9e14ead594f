// Values and directories for configfs and sysfs: what is to be written or made at one moment is so in one go.
import DataLoader from 'dataloader';
import { loadNative } from './index.js';

interface Change {
  path: string;
  /** Nothing: a directory is made. */
  text: string | null;
}

/** One write(2) to a file that exists, at most 4096 bytes. Throws an Error with `code`. */
export function writeText(path: string, text: string): Promise<void> {
  return change({ path, text });
}

/** Throws an Error with `code`. */
export function makeDirectory(path: string): Promise<void> {
  return change({ path, text: null });
}

async function change(wanted: Change): Promise<void> {
  const result = await loader.load(wanted);
  if (result.status === 'rejected') throw result.reason;
}

/** Of each what it comes to: one that makes no sense fails no other. */
function changeEach(changes: readonly Change[]): Promise<PromiseSettledResult<void>[]> {
  return changeAll(changes).catch(() => Promise.all(changes.map(async (one) => settled(changeAll([one])))));
}

async function changeAll(changes: readonly Change[]): Promise<PromiseSettledResult<void>[]> {
  const errors = await loadNative().changeNodes(
    changes.map(({ path }) => path),
    changes.map(({ text }) => text),
  );
  return errors.map((reason) =>
    reason === null ? { status: 'fulfilled', value: undefined } : { status: 'rejected', reason },
  );
}

async function settled(one: Promise<PromiseSettledResult<void>[]>): Promise<PromiseSettledResult<void>> {
  const [result] = await one.catch((reason: unknown) => [{ status: 'rejected' as const, reason }]);
  return result ?? { status: 'fulfilled', value: undefined };
}

const loader = new DataLoader(changeEach, { cache: false });

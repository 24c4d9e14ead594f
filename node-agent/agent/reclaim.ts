// What becomes of the backing file of a device that left the node.
import type { EngineStatus } from '../protocol/types.js';
import { isToBeDeleted } from './tombstones.js';
import type { Journal } from './wish.js';

export interface Reclaimed {
  /** uids of departed devices whose file was dealt with: deleted, or kept because nobody asks for its deletion. */
  done: ReadonlySet<string>;
  problems: { uid: string; message: string }[];
}

/** Deletes the files of departed devices that the engine no longer serves, where that was asked for. */
export async function reclaimDeparted(
  journal: Journal,
  engine: EngineStatus | undefined,
  reclaim: (params: { filename: string; uid: string }) => Promise<{ deleted: boolean; message?: string } | undefined>,
): Promise<Reclaimed> {
  const done = new Set<string>();
  const problems: Reclaimed['problems'] = [];
  if (engine === undefined) return { done, problems };
  const served = new Set(engine.units.map((unit) => unit.uid));
  for (const device of journal.departed.devices.filter(({ uid }) => !served.has(uid))) {
    const filename = device.vdiskFileio?.filename;
    if (filename !== undefined && isToBeDeleted(device, journal)) {
      const result = await reclaim({ filename, uid: device.uid });
      if (result === undefined) continue;
      if (!result.deleted && result.message !== undefined) problems.push({ uid: device.uid, message: result.message });
    }
    // A file that may not be deleted (two links, a path that is no longer allowed) is kept, and that is the end of it.
    done.add(device.uid);
  }
  return { done, problems };
}

// What a departed entry's tombstone allows: to detach while in use, to delete the backing file (pure).
import type { NodeDevice } from '../../crds/types.js';
import { parseBackstoreName } from '../lio/index.js';
import type { Journal } from './wish.js';

/** Epoch of a desired state that was made on the node itself. */
export const LONE_NODE_EPOCH = 0;

/**
 * Whether the file is to be deleted. In a cluster the tombstone says so (never one for a device that merely vanished);
 * a node alone has no tombstones: there the manifest's own reclaimPolicy holds.
 */
export function isToBeDeleted(device: NodeDevice, { spec }: Pick<Journal, 'spec'>): boolean {
  const tombstone = spec.tombstones.find(({ uid }) => uid === device.uid);
  if (tombstone === undefined) return spec.epoch === LONE_NODE_EPOCH && device.reclaimPolicy === 'Delete';
  return tombstone.reclaim === 'Delete' && tombstone.reason !== 'Vanished';
}

/** Whether the pair of a backstore has to go even while it is in use (deletionPolicy: Force); never what merely vanished. */
export function isForced(journal: Journal | undefined, backstore: string): boolean {
  const uids = parseBackstoreName(backstore);
  if (journal === undefined || uids === undefined) return false;
  const own = [uids.sessionUid, uids.lunUid];
  const tombstones = journal.spec.tombstones.filter((tombstone) => own.includes(tombstone.uid));
  if (tombstones.length > 0) return tombstones.some((tombstone) => tombstone.force && tombstone.reason !== 'Vanished');
  const { sessions, luns } = journal.departed;
  return (
    journal.spec.epoch === LONE_NODE_EPOCH &&
    [...sessions, ...luns].some((entry) => own.includes(entry.uid) && entry.force)
  );
}

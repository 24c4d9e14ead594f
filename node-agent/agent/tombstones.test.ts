// What a tombstone allows: to detach while in use, to delete a file.
import { BACKSTORE, device, emptySpec, journal, lun, session, uid } from './fixtures.js';
import { isForced, isToBeDeleted } from './tombstones.js';

const tombstone = (of: string, over = {}) => ({
  kind: 'ScstLun' as const,
  name: 'lun',
  uid: of,
  reason: 'Deleted' as const,
  reclaim: 'Delete' as const,
  force: true,
  ...over,
});
const departed = {
  devices: [device({ reclaimPolicy: 'Delete' })],
  sessions: [session()],
  luns: [lun({ force: true })],
};
const withTombstone = (of: string, over = {}, epoch = 3) =>
  journal({ spec: emptySpec({ epoch, tombstones: [tombstone(of, over)] }), departed });
const without = (epoch: number) => journal({ spec: emptySpec({ epoch }), departed });

describe('isForced', () => {
  it('follows the tombstone of the LUN or of its session', () => {
    expect(isForced(withTombstone(uid('c')), BACKSTORE)).toBe(true);
    expect(isForced(withTombstone(uid('b')), BACKSTORE)).toBe(true);
    expect(isForced(withTombstone(uid('c'), { force: false }), BACKSTORE)).toBe(false);
    expect(isForced(withTombstone(uid('d')), BACKSTORE)).toBe(false);
  });

  it('never forces what merely vanished, nor in a cluster without a tombstone', () => {
    expect(isForced(withTombstone(uid('c'), { reason: 'Vanished' }), BACKSTORE)).toBe(false);
    expect(isForced(without(3), BACKSTORE)).toBe(false);
  });

  it('follows the former manifest on a lone node', () => {
    expect(isForced(without(0), BACKSTORE)).toBe(true);
  });
});

describe('isToBeDeleted', () => {
  it('follows the tombstone in a cluster, never for what vanished', () => {
    expect(isToBeDeleted(device(), withTombstone(uid('d')))).toBe(true);
    expect(isToBeDeleted(device(), withTombstone(uid('d'), { reclaim: 'Retain' }))).toBe(false);
    expect(isToBeDeleted(device(), withTombstone(uid('d'), { reason: 'Vanished' }))).toBe(false);
    expect(isToBeDeleted(device({ reclaimPolicy: 'Delete' }), without(3))).toBe(false);
  });

  it('follows the former manifest on a lone node', () => {
    expect(isToBeDeleted(device({ reclaimPolicy: 'Delete' }), without(0))).toBe(true);
    expect(isToBeDeleted(device(), without(0))).toBe(false);
  });
});

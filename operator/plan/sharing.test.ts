// A medium that several nodes share: served where nothing of it stays in one node's memory, refused otherwise.
import { device, node, quickstart, SETUP_ID } from '../../test/model/objects.js';
import { buildIndex } from './object-index.js';
import { planNode } from './plan-node.js';

const n1 = node('n1', { zone: 'a' });
const BLOCK = { vdiskFileio: undefined, vdiskBlockio: { filename: '/dev/sdb' } };
const FILE = { filename: '/var/lib/scst/disk.img', size: '1Mi' };

const planned = (spec: object) => {
  const objects = [device('disk', { sharing: 'Shared', ...spec }), ...quickstart().slice(1)];
  return planNode(buildIndex(objects, [n1]), 'n1', { setupId: SETUP_ID }).spec.devices;
};

test.each([
  ['a file past the page cache', { vdiskFileio: { ...FILE, directIO: true } }],
  ['a block device by the own engine', { ...BLOCK, engine: 'tcmu' }],
])('serves %s', (_, spec) => {
  expect(planned(spec)).toMatchObject([{ sharing: 'Shared' }]);
});

test.each([
  ['a file through the page cache', { vdiskFileio: FILE }],
  ['a block device by LIO, whose reservations are of one node', BLOCK],
  ['a cache that is of one node', { ...BLOCK, engine: 'tcmu', vdiskBlockio: { filename: '/dev/sdb', nvCache: true } }],
])('refuses %s', (_, spec) => {
  expect(planned(spec)).toEqual([]);
});

// LOG SELECT: what it takes without changing anything, and what it refuses.
import { diskWithTwoNexuses, hex, outcome } from '../testing/disk-fixture.js';

const select = (list: number[], { flags = 0, page = 0, subpage = 0, length = list.length } = {}) =>
  Uint8Array.from([0x4c, flags, 0x40 | page, subpage, 0, 0, 0, length >> 8, length & 0xff, 0]);
const PCR = 2;
const SELF_TEST_RESULTS = 0x10;

it.each([
  ['a reset of all parameters', select([], { flags: PCR }), []],
  ['a reset of one page', select([], { flags: PCR, page: SELF_TEST_RESULTS }), []],
  ['no list', select([]), []],
  ['pages without parameters', select([0x0d, 0, 0, 0, 0x10, 0, 0, 0]), [0x0d, 0, 0, 0, 0x10, 0, 0, 0]],
])('takes %s, and the pages stay as they were', async (_what, cdb, list) => {
  const { run } = diskWithTwoNexuses();
  const page = () => run(Uint8Array.from([0x4d, 0, 0x40 | SELF_TEST_RESULTS, 0, 0, 0, 0, 0xff, 0xff, 0]));
  const before = hex((await page()).data);
  expect(outcome(await run(cdb, { dataOut: Uint8Array.from(list) }))).toBe('GOOD');
  expect(hex((await page()).data)).toBe(before);
});

const parameter = [0x0d, 0, 0, 6, 0, 0, 3, 2, 0, 0xff];

it.each([
  ['SP', [], { flags: 1 }, '05/24/00'],
  ['a reset with a list', [0x0d, 0, 0, 0], { flags: PCR }, '05/24/00'],
  ['an unknown page', [], { page: 0x0c }, '05/24/00'],
  ['a subpage', [], { subpage: 1 }, '05/24/00'],
  ['a page beside a list', [0x0d, 0, 0, 0], { page: 0x0d }, '05/24/00'],
  ['a list that the transport didn’t bring', [0x0d, 0], { length: 4 }, '05/1a/00'],
  ['a cut page header', [0x0d, 0], {}, '05/1a/00'],
  ['a cut parameter', parameter.slice(0, -1), {}, '05/1a/00'],
  ['a parameter', parameter, {}, '05/26/00'],
  ['an unknown page in the list', [0x0c, 0, 0, 0], {}, '05/26/00'],
  ['a subpage in the list', [0x4d, 1, 0, 0], {}, '05/26/00'],
  ['pages out of order', [0x10, 0, 0, 0, 0x0d, 0, 0, 0], {}, '05/26/00'],
])('refuses %s', async (_what, list, options, expected) => {
  const { run } = diskWithTwoNexuses();
  expect(outcome(await run(select(list, options), { dataOut: Uint8Array.from(list) }))).toBe(expected);
});

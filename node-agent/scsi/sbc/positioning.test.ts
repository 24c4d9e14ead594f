// Commands about places on a medium that has no mechanics: REZERO UNIT, SEEK, REASSIGN BLOCKS.
import { bytes, diskWithTwoNexuses, outcome } from '../testing/disk-fixture.js';

describe('SEEK(10) and REZERO UNIT', () => {
  it.each([
    ['01 00 00 00 00 00', 'GOOD'],
    ['2b 00 00 00 00 3f 00 00 00 00', 'GOOD'],
    ['2b 00 00 00 00 40 00 00 00 00', '05/21/00'],
  ])('%s: %s', async (cdb, expected) => {
    const { medium, run } = diskWithTwoNexuses();
    expect(outcome(await run(cdb))).toBe(expected);
    expect(medium.calls).toEqual([]);
  });
});

describe('REASSIGN BLOCKS', () => {
  it.each([
    ['no blocks', '07 00 00 00 00 00', '00000000', 'GOOD'],
    ['two blocks', '07 00 00 00 00 00', '00000008 00000000 0000003f', 'GOOD'],
    ['long addresses', '07 02 00 00 00 00', '00000008 000000000000003f', 'GOOD'],
    ['a long list', '07 01 00 00 00 00', '00000004 00000001', 'GOOD'],
    ['a block beyond the last', '07 00 00 00 00 00', '00000004 00000040', '05/21/00'],
    ['half an address', '07 00 00 00 00 00', '00000006 000000000000', '05/26/00'],
    ['a list that was not sent', '07 00 00 00 00 00', '00000008 00000001', '05/1a/00'],
    ['not even a header', '07 00 00 00 00 00', '', '05/1a/00'],
  ])('%s', async (_name, cdb, list, expected) => {
    const { medium, run } = diskWithTwoNexuses();
    expect(outcome(await run(cdb, { dataOut: bytes(list) }))).toBe(expected);
    expect(medium.calls).toEqual([]);
  });
});

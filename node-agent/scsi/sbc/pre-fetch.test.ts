// PRE-FETCH and READ DEFECT DATA: what they answer, and that they change nothing.
import { diskWithTwoNexuses, hex, hugeMedium, outcome } from '../testing/disk-fixture.js';

describe('PRE-FETCH', () => {
  it.each(['34 00 00 00 00 05 00 00 03 00', '90 02 00 00 00 00 00 00 00 05 00 00 00 03 00 00'])(
    'reads the range: %s',
    async (cdb) => {
      const { medium, run } = diskWithTwoNexuses();
      expect(await run(cdb)).toEqual({ status: 0x00 });
      expect(medium.calls).toEqual([{ call: 'read', offset: 5 * 512, length: 3 * 512 }]);
    },
  );

  it('goes up to the last block without a number of blocks', async () => {
    const { medium, run } = diskWithTwoNexuses();
    expect(await run('34 00 00 00 00 3e 00 00 00 00')).toEqual({ status: 0x00 });
    expect(medium.calls).toEqual([{ call: 'read', offset: 62 * 512, length: 2 * 512 }]);
  });

  it('reads nothing of a range larger than the cache', async () => {
    const { run } = diskWithTwoNexuses({ medium: hugeMedium(512, 1n << 32n) });
    expect(outcome(await run('90 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00'))).toBe('GOOD');
    expect(outcome(await run('90 00 00 00 00 00 00 00 00 00 00 00 40 01 00 00'))).toBe('GOOD');
  });

  it('refuses what is beyond the last block', async () => {
    const { run } = diskWithTwoNexuses();
    expect(outcome(await run('34 00 00 00 00 40 00 00 00 00'))).toBe('05/21/00');
    expect(outcome(await run('34 00 00 00 00 3f 00 00 02 00'))).toBe('05/21/00');
  });
});

describe('READ DEFECT DATA', () => {
  it.each([
    ['37 00 1d 00 00 00 00 00 ff 00', '001d0000'],
    ['37 00 00 00 00 00 00 00 03 00', '000000'],
    ['b7 0c 00 00 00 00 00 00 00 ff 00 00', '000c000000000000'],
    ['b7 18 00 00 00 00 00 00 00 04 00 00', '00180000'],
    ['37 00 18 00 00 00 00 00 00 00', ''],
  ])('has the lists that were asked for, both empty: %s', async (cdb, data) => {
    const { medium, run } = diskWithTwoNexuses();
    const result = await run(cdb);
    expect([outcome(result), hex(result.data)]).toEqual(['GOOD', data]);
    expect(medium.calls).toEqual([]);
  });
});

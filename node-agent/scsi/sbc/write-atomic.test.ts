// WRITE ATOMIC(16): journalled before it begins, durable, and within the limits of page B0.
import { execute } from '../index.js';
import { diskWithTwoNexuses, hex, outcome } from '../testing/disk-fixture.js';

const cdb = (lba: string, blocks: string, flags = '00', boundary = '0000') =>
  `9c${flags}00000000000000${lba}${boundary}${blocks}0000`;
const block = (byte: number) => new Uint8Array(512).fill(byte);

it('stores the data where power loss can’t reach it, and then writes it durably', async () => {
  const { unit, medium } = diskWithTwoNexuses();
  const begun: unknown[] = [];
  const journal = {
    begin: (offset: number, data: Uint8Array, durability: string) => {
      begun.push([offset, data.length, durability, medium.calls.length]);
      return Promise.resolve();
    },
  };
  const command = Uint8Array.from(Buffer.from(cdb('03', '0002'), 'hex'));
  const result = await execute(unit, 's1', command, new Uint8Array(1536).fill(7), 0, { journal });
  expect(outcome(result)).toBe('GOOD');
  expect(begun).toEqual([[1536, 1024, 'throughPowerLoss', 0]]);
  expect(medium.calls).toEqual([{ call: 'write', offset: 1536, length: 1024, durable: true }]);
});

it.each([
  ['no blocks', cdb('03', '0000'), 'GOOD'],
  ['an LBA behind the end', cdb('40', '0000'), '05/21/00'],
  ['a range beyond the end', cdb('3f', '0002'), '05/21/00'],
  ['more blocks than one write can have', cdb('00', '0801'), '05/24/00'],
  ['an atomic boundary', cdb('00', '0001', '00', '0001'), '05/24/00'],
  ['WRPROTECT', cdb('00', '0001', '20'), '05/24/00'],
  ['less data than blocks', cdb('00', '0003'), '05/24/00'],
])('writes nothing with %s', async (_, command, expected) => {
  const { medium, run } = diskWithTwoNexuses();
  expect(outcome(await run(command, { dataOut: block(7) }))).toBe(expected);
  expect(medium.calls).toEqual([]);
});

it('tells its limit in page B0', async () => {
  const { run } = diskWithTwoNexuses();
  expect(hex((await run('12 01 b0 00 40 00')).data?.subarray(44, 64))).toBe('00000800' + '00'.repeat(16));
});

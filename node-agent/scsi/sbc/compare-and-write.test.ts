// COMPARE AND WRITE.
import fc from 'fast-check';
import { accessOf, execute, runsOnce } from '../index.js';
import { diskWithTwoNexuses, hex, outcome } from '../testing/disk-fixture.js';

const cdb = (lba: number, blocks: number, flags = 0) =>
  Uint8Array.from([0x89, flags, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0, blocks, 0, 0]);
const block = (byte: number) => Buffer.alloc(512, byte);

it('writes where the medium holds what is expected, and nothing otherwise', async () => {
  const { medium, run } = diskWithTwoNexuses();
  expect(outcome(await run(cdb(3, 1), { dataOut: Buffer.concat([block(0), block(5)]) }))).toBe('GOOD');
  expect(medium.content.subarray(3 * 512, 4 * 512)).toEqual(Uint8Array.from(block(5)));
  const miscompare = await run(cdb(3, 1), { dataOut: Buffer.concat([block(0), block(6)]) });
  expect(outcome(miscompare)).toBe('0e/1d/00');
  expect(medium.content.subarray(3 * 512, 4 * 512)).toEqual(Uint8Array.from(block(5)));
});

it('INFORMATION is the offset of the first byte that differs', async () => {
  const { medium, run } = diskWithTwoNexuses();
  medium.content[2 * 512 + 700] = 1;
  const { sense } = await run(cdb(2, 2), { dataOut: new Uint8Array(2048) });
  expect(hex(sense?.subarray(0, 7))).toBe('f0000e000002bc');
});

it('announces what it is going to write, and is kept for a second sending', async () => {
  const { unit, medium } = diskWithTwoNexuses();
  const begun: [number, string, number][] = [];
  const journal = {
    begin: (offset: number, data: Uint8Array) => {
      begun.push([offset, hex(data.subarray(0, 2)), medium.calls.filter(({ call }) => call === 'write').length]);
      return Promise.resolve();
    },
  };
  await execute(unit, 's1', cdb(1, 1), Buffer.concat([block(0), block(5)]), 0, { journal });
  expect(begun).toEqual([[512, '0505', 0]]);
  expect([runsOnce(unit, cdb(1, 1)), accessOf(unit, cdb(1, 1))]).toEqual([true, 'exclusive']);
});

it.each([
  ['no blocks', cdb(3, 0), 0, 'GOOD'],
  ['a range out of the medium', cdb(63, 2), 2048, '05/21/00'],
  ['less than twice the data', cdb(3, 1), 1023, '05/24/00'],
  ['WRPROTECT', cdb(3, 1, 0x20), 1024, '05/24/00'],
])('%s', async (_what, command, length, expected) => {
  const { medium, run } = diskWithTwoNexuses();
  expect(outcome(await run(command, { dataOut: new Uint8Array(length) }))).toBe(expected);
  expect(medium.calls).toEqual([]);
});

it('FUA is durable', async () => {
  const { medium, run } = diskWithTwoNexuses();
  await run(cdb(3, 1, 0x08), { dataOut: Buffer.concat([block(0), block(5)]) });
  expect(medium.calls.at(-1)).toMatchObject({ call: 'write', durable: true });
});

it('a counter that two nexuses count up by it counts every one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('s1', 's2'), { maxLength: 30 }), async (order) => {
      const { medium, run } = diskWithTwoNexuses();
      const seen = new Map([
        ['s1', 0],
        ['s2', 0],
      ]);
      let counted = 0;
      for (const on of order) {
        const value = seen.get(on) ?? 0;
        const result = await run(cdb(0, 1), { on, dataOut: Buffer.concat([block(value), block(value + 1)]) });
        if (outcome(result) === 'GOOD') counted += 1;
        seen.set(on, medium.content[0] ?? 0);
      }
      expect(medium.content[0]).toBe(counted);
    }),
  );
});

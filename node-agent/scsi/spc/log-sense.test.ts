// LOG SENSE: which pages there are, and what of a page is returned.
import { disk } from '../index.js';
import { diskWithTwoNexuses, hex, outcome } from '../testing/disk-fixture.js';

const sense = (page: number, { pointer = 0, length = 0xffff, flags = 0, subpage = 0 } = {}) =>
  Uint8Array.from([0x4d, flags, 0x40 | page, subpage, 0, pointer >> 8, pointer & 0xff, length >> 8, length & 0xff, 0]);

it('page 00 lists the pages, and each can be read, with its length and ascending parameters', async () => {
  const { run } = diskWithTwoNexuses();
  const list = (await run(sense(0))).data;
  expect(hex(list)).toBe('00000005' + '000d0e102f');
  for (const { code } of disk.logPages.slice(1)) {
    const data = (await run(sense(code))).data ?? new Uint8Array();
    expect([data[0], data[1], Buffer.from(data).readUInt16BE(2)]).toEqual([code, 0, data.length - 4]);
    const codes: number[] = [];
    for (let at = 4; at < data.length; at += 4 + (data[at + 3] ?? 0)) codes.push(Buffer.from(data).readUInt16BE(at));
    expect(codes.length).toBeGreaterThan(0);
    expect(codes).toEqual([...codes].sort((one, other) => one - other));
  }
});

it('returns no more than the allocation length, and starts at the parameter pointer', async () => {
  const { run } = diskWithTwoNexuses();
  const all = hex((await run(sense(0x10))).data);
  expect(hex((await run(sense(0x10, { length: 10 }))).data)).toBe(all.slice(0, 20));
  expect(hex((await run(sense(0x10, { pointer: 20 }))).data)).toBe('10000014' + '00140310' + '00'.repeat(16));
  expect(outcome(await run(sense(0x10, { pointer: 21 })))).toBe('05/24/00');
});

it.each([
  ['an unknown page', sense(0x0c)],
  ['a subpage', sense(0x0d, { subpage: 1 })],
  ['SP', sense(0x0d, { flags: 1 })],
  ['PPC', sense(0x0d, { flags: 2 })],
])('refuses %s', async (_what, cdb) => {
  expect(outcome(await diskWithTwoNexuses().run(cdb))).toBe('05/24/00');
});

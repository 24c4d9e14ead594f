// REPORT SUPPORTED OPERATION CODES and TASK MANAGEMENT FUNCTIONS.
import fc from 'fast-check';
import { disk } from '../index.js';
import { diskWithTwoNexuses, hex, outcome } from '../testing/disk-fixture.js';

const cdbFor = (options: number, opcode = 0, serviceAction = 0, allocationLength = 0xffff) =>
  Uint8Array.from([
    0xa3,
    0x0c,
    options,
    opcode,
    serviceAction >> 8,
    serviceAction & 0xff,
    0,
    0,
    allocationLength >> 8,
    allocationLength & 0xff,
    0,
    0,
  ]);
const RCTD = 0x80;

describe('REPORT SUPPORTED OPERATION CODES', () => {
  it.each([0, RCTD])('lists exactly what the table holds (RCTD %i)', async (rctd) => {
    const { data } = await diskWithTwoNexuses({ thinProvisioned: true }).run(cdbFor(rctd));
    const size = rctd ? 20 : 8;
    expect(Buffer.from(data!).readUInt32BE(0)).toBe(disk.commands.length * size);
    expect(data).toHaveLength(4 + disk.commands.length * size);
    disk.commands.forEach(({ opcode, serviceAction, usage }, index) => {
      const descriptor = data!.subarray(4 + index * size, 4 + (index + 1) * size);
      const flags = (rctd ? 2 : 0) | (serviceAction === undefined ? 0 : 1);
      expect([...descriptor.subarray(0, 8)]).toEqual([opcode, 0, 0, serviceAction ?? 0, 0, flags, 0, usage.length]);
      if (rctd) expect(hex(descriptor.subarray(8))).toBe('000a' + '00'.repeat(10));
    });
  });

  it('says of any one opcode what the table says', async () => {
    const { run } = diskWithTwoNexuses({ thinProvisioned: true });
    const requested = fc.oneof(
      fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 0xffff })),
      fc
        .constantFrom(...disk.commands)
        .map(({ opcode, serviceAction }) => [opcode, serviceAction ?? 0] as [number, number]),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 3),
        fc.boolean(),
        requested,
        async (option, timeouts, [opcode, action]) => {
          const result = await run(cdbFor(option | (timeouts ? RCTD : 0), opcode, action));
          const rows = disk.commands.filter((row) => row.opcode === opcode);
          const withActions = rows.some((row) => row.serviceAction !== undefined);
          if (rows.length > 0 && ((option === 1 && withActions) || (option === 2 && !withActions))) {
            expect(outcome(result)).toBe('05/24/00');
            return;
          }
          const row = option === 1 ? rows[0] : rows.find((candidate) => (candidate.serviceAction ?? 0) === action);
          const descriptor = timeouts ? '000a' + '00'.repeat(10) : '';
          const expected = row
            ? `00${timeouts ? '83' : '03'}${row.usage.length.toString(16).padStart(4, '0')}${hex(Uint8Array.from(row.usage))}${descriptor}`
            : '00010000';
          expect(hex(result.data)).toBe(expected);
        },
      ),
    );
  });

  it('is cut to the allocation length and refuses reserved options', async () => {
    const { run } = diskWithTwoNexuses({ thinProvisioned: true });
    expect((await run(cdbFor(0, 0, 0, 10))).data).toHaveLength(10);
    expect(outcome(await run(cdbFor(4)))).toBe('05/24/00');
  });

  it('says that UNMAP is not there where space can not be given back, so that sd does not try it', async () => {
    expect(hex((await diskWithTwoNexuses().run(cdbFor(3, 0x42))).data)).toBe('00010000');
    expect(hex((await diskWithTwoNexuses().run(cdbFor(3, 0x93))).data?.subarray(0, 4))).toBe('00030010');
  });
});

describe('the opcode table', () => {
  it('is in ascending order without a row twice, and its usage data begins with the opcode', () => {
    const keys = disk.commands.map(({ opcode, serviceAction }) => opcode * 32 + (serviceAction ?? 0));
    expect(keys).toEqual([...new Set(keys)].sort((one, other) => one - other));
    for (const { opcode, usage } of disk.commands) expect(usage[0]).toBe(opcode);
  });

  it('has CDBs of the length that the opcode group asks for', () => {
    const byGroup: Record<number, number> = { 0: 6, 1: 10, 2: 10, 4: 16, 5: 12 };
    for (const { opcode, usage } of disk.commands) expect(usage).toHaveLength(byGroup[opcode >> 5]!);
  });
});

it('REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS names ABORT TASK and LOGICAL UNIT RESET', async () => {
  const { run } = diskWithTwoNexuses({ thinProvisioned: true });
  expect(hex((await run('a3 0d 00 00 00 00 00 00 00 ff 00 00')).data)).toBe('88000000');
  expect(hex((await run('a3 0d 80 00 00 00 00 00 00 ff 00 00')).data)).toBe('8800000c' + '00'.repeat(12));
});

it('REPORT LUNS lists the unit, no well known ones, and refuses unknown selections', async () => {
  const { run } = diskWithTwoNexuses({ thinProvisioned: true });
  expect(hex((await run('a0 00 00 00 00 00 00 00 00 ff 00 00')).data)).toBe('00000008' + '00'.repeat(12));
  expect(hex((await run('a0 00 01 00 00 00 00 00 00 ff 00 00')).data)).toBe('00'.repeat(8));
  expect(outcome(await run('a0 00 10 00 00 00 00 00 00 ff 00 00'))).toBe('05/24/00');
});

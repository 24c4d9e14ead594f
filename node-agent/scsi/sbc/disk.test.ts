// The commands of a disk on a medium.
import fc from 'fast-check';
import { addNexus, replaceMedium } from '../index.js';
import { diskWithTwoNexuses, hex, hugeMedium, ModelMedium, nexus, outcome } from '../testing/disk-fixture.js';
import { MediumError } from '../types.js';

const blocks = (count: number, value: number, size = 512) => new Uint8Array(count * size).fill(value);
const READ_CAPACITY_10 = '25 00 00 00 00 00 00 00 00 00';
const READ_CAPACITY_16 = '9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00';

/** The CDBs of 6, 10, 12 and 16 bytes for a transfer. */
const FORMS = {
  6: (opcode: number, lba: number, count: number) => [
    opcode,
    lba >> 16,
    (lba >> 8) & 0xff,
    lba & 0xff,
    count & 0xff,
    0,
  ],
  10: (opcode: number, lba: number, count: number, flags = 0) => [
    opcode,
    flags,
    0,
    0,
    lba >> 8,
    lba & 0xff,
    0,
    count >> 8,
    count & 0xff,
    0,
  ],
  12: (opcode: number, lba: number, count: number, flags = 0) => [
    opcode,
    flags,
    0,
    0,
    lba >> 8,
    lba & 0xff,
    0,
    0,
    count >> 8,
    count & 0xff,
    0,
    0,
  ],
  16: (opcode: number, lba: number, count: number, flags = 0) => [
    opcode,
    flags,
    ...new Array<number>(6).fill(0),
    lba >> 8,
    lba & 0xff,
    0,
    0,
    count >> 8,
    count & 0xff,
    0,
    0,
  ],
};
const READ = { 6: 0x08, 10: 0x28, 12: 0xa8, 16: 0x88 };
const WRITE = { 6: 0x0a, 10: 0x2a, 12: 0xaa, 16: 0x8a };
const LENGTHS = [6, 10, 12, 16] as const;
type Length = (typeof LENGTHS)[number];
const readCdb = (length: Length, lba: number, count: number) =>
  Uint8Array.from(FORMS[length](READ[length], lba, count));
const writeCdb = (length: Length, lba: number, count: number) =>
  Uint8Array.from(FORMS[length](WRITE[length], lba, count));

describe('READ and WRITE', () => {
  it('data read equals data written, and nothing outside of the range changes', async () => {
    const step = fc.record({
      write: fc.boolean(),
      form: fc.constantFrom(...LENGTHS),
      lba: fc.integer({ min: 0, max: 70 }),
      count: fc.integer({ min: 0, max: 12 }),
      value: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.constantFrom(512, 4096), async (steps, size) => {
        const medium = new ModelMedium(size, 64n);
        const { run } = diskWithTwoNexuses({ medium });
        const model = new Uint8Array(medium.content.length);
        for (const { write, form, lba, count, value } of steps) {
          const counted = form === 6 && count === 0 ? 256 : count;
          const inRange = lba < 64 && lba + counted <= 64;
          const data = blocks(counted, value, size);
          const result = write
            ? await run(writeCdb(form, lba, count), { dataOut: data })
            : await run(readCdb(form, lba, count), { dataInLength: counted * size });
          expect(outcome(result)).toBe(inRange ? 'GOOD' : '05/21/00');
          if (inRange && write) model.set(data, lba * size);
          const expected = Buffer.from(model.subarray(lba * size, (lba + counted) * size));
          if (inRange && !write) expect(expected.equals(result.data!)).toBe(true);
          expect(Buffer.from(medium.content).equals(model)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('a length of 0 means 256 blocks in READ(6) and WRITE(6), and none elsewhere', async () => {
    const medium = new ModelMedium(512, 300n);
    const { run } = diskWithTwoNexuses({ medium });
    expect(outcome(await run(writeCdb(6, 1, 0), { dataOut: blocks(256, 7) }))).toBe('GOOD');
    expect((await run(readCdb(6, 1, 0), { dataInLength: 1 << 20 })).data).toHaveLength(256 * 512);
    expect((await run(readCdb(10, 1, 0))).data).toHaveLength(0);
    expect(medium.content[257 * 512 - 1]).toBe(7);
    expect(medium.content[257 * 512]).toBe(0);
  });

  it('reads no more than the transport can take, in whole blocks from the medium', async () => {
    const { medium, run } = diskWithTwoNexuses();
    medium.content.fill(9);
    expect((await run(readCdb(10, 0, 4), { dataInLength: 700 })).data).toHaveLength(700);
    expect(medium.calls).toEqual([{ call: 'read', offset: 0, length: 1024 }]);
  });

  it('addresses blocks beyond 2^32', async () => {
    const seen: number[] = [];
    const medium = { ...hugeMedium(512, 1n << 33n), read: (offset: number) => Promise.resolve(void seen.push(offset)) };
    const { run } = diskWithTwoNexuses({ medium });
    expect(outcome(await run('88 00 00 00 00 01 00 00 00 02 00 00 00 01 00 00'))).toBe('GOOD');
    expect(seen).toEqual([(2 ** 32 + 2) * 512]);
    expect(outcome(await run('88 00 ff ff ff ff ff ff ff ff 00 00 00 02 00 00'))).toBe('05/21/00');
  });

  it('a write with more data than blocks writes its blocks only', async () => {
    const { medium, run } = diskWithTwoNexuses();
    expect(outcome(await run(writeCdb(10, 2, 1), { dataOut: blocks(8, 5) }))).toBe('GOOD');
    expect(medium.calls).toEqual([{ call: 'write', offset: 1024, length: 512, durable: false }]);
  });

  it('a write with less data than blocks is refused before anything is written', async () => {
    const { medium, run } = diskWithTwoNexuses();
    const result = await run(writeCdb(10, 2, 2), { dataOut: blocks(1, 5) });
    expect(outcome(result)).toBe('05/24/00');
    expect(hex(result.sense?.subarray(15, 18))).toBe('c00007');
    expect(medium.calls).toEqual([]);
  });

  it.each([34, 256, 2048])('disk-11: a WRITE(10) of %i blocks takes all of its data', async (count) => {
    const medium = new ModelMedium(512, 4096n);
    const { run } = diskWithTwoNexuses({ medium });
    expect(outcome(await run(writeCdb(10, 1, count), { dataOut: blocks(count, 3) }))).toBe('GOOD');
    expect(medium.content.filter((byte) => byte === 3)).toHaveLength(count * 512);
  });

  it.each([
    ['a volatile cache', {}, 0x00, false],
    ['a volatile cache and FUA', {}, 0x08, true],
    ['a volatile cache and DPO', {}, 0x10, false],
    ['write through', { writeCache: false }, 0x00, true],
    ['a non-volatile cache and FUA', { nvCache: true }, 0x08, false],
  ])('is durable before GOOD as it must be: %s', async (_what, options, flags, durable) => {
    const { medium, run } = diskWithTwoNexuses(options);
    await run(Uint8Array.from(FORMS[10](0x2a, 0, 1, flags)), { dataOut: blocks(1, 1) });
    expect(medium.calls).toEqual([{ call: 'write', offset: 0, length: 512, durable }]);
  });

  it.each([0x28, 0x2a, 0x2f])('refuses protection information: opcode %i', async (opcode) => {
    const { medium, run } = diskWithTwoNexuses();
    const result = await run(Uint8Array.from(FORMS[10](opcode, 0, 1, 0x20)), { dataOut: blocks(1, 1) });
    expect(outcome(result)).toBe('05/24/00');
    expect(hex(result.sense?.subarray(15, 18))).toBe('cf0001');
    expect(medium.calls).toEqual([]);
  });

  it('disk-10: a read-only nexus and a read-only unit write nothing, and may synchronize', async () => {
    const fixture = diskWithTwoNexuses();
    addNexus(fixture.unit, nexus('ro', { readOnly: true }));
    fixture.unit.nexuses.get('ro')?.attentions.splice(0);
    const unit = diskWithTwoNexuses({ readOnly: true });
    for (const length of LENGTHS) {
      const cdb = writeCdb(length, 0, 1);
      expect(outcome(await fixture.run(cdb, { on: 'ro', dataOut: blocks(1, 1) }))).toBe('07/27/00');
      expect(outcome(await unit.run(cdb, { dataOut: blocks(1, 1) }))).toBe('07/27/00');
    }
    expect([...fixture.medium.calls, ...unit.medium.calls]).toEqual([]);
    expect(outcome(await fixture.run('35 00 00 00 00 00 00 00 00 00', { on: 'ro' }))).toBe('GOOD');
    expect(outcome(await fixture.run(writeCdb(10, 0, 1), { dataOut: blocks(1, 1) }))).toBe('GOOD');
  });
});

describe('errors of the medium', () => {
  it.each([
    ['read', readCdb(10, 5, 1), '03/11/00'],
    ['write', writeCdb(10, 5, 1), '03/0c/00'],
    ['noSpace', writeCdb(10, 5, 1), '07/27/07'],
  ] as const)('disk-09: %s becomes sense data with the LBA', async (kind, cdb, expected) => {
    const { medium, run } = diskWithTwoNexuses();
    medium.failure = new MediumError(kind, 'no');
    const result = await run(cdb, { dataOut: blocks(1, 1) });
    expect(outcome(result)).toBe(expected);
    expect(hex(result.sense?.subarray(0, 7))).toBe(`f0000${expected[1]}00000005`);
  });

  it('leaves INFORMATION out where a flush failed or the LBA does not fit', async () => {
    const { medium, run } = diskWithTwoNexuses();
    medium.failure = new MediumError('write', 'no');
    const { sense } = await run('35 00 00 00 00 00 00 00 00 00');
    expect(hex(sense?.subarray(0, 7))).toBe('70000300000000');
    const failing = { ...hugeMedium(512, 1n << 33n), read: () => Promise.reject(new MediumError('read', 'no')) };
    const huge = await diskWithTwoNexuses({ medium: failing }).run('88 00 00 00 00 01 00 00 00 02 00 00 00 01 00 00');
    expect(hex(huge.sense?.subarray(0, 7))).toBe('70000300000000');
  });

  it('has room for every LBA in descriptor format', async () => {
    const failing = { ...hugeMedium(512, 1n << 33n), read: () => Promise.reject(new MediumError('read', 'no')) };
    const { run, unit } = diskWithTwoNexuses({ medium: failing });
    unit.modePages.get(0x0a)![2]! |= 0x04;
    const { sense } = await run('88 00 00 00 00 01 00 00 00 02 00 00 00 01 00 00');
    expect(hex(sense)).toBe('720311000000000c' + '000a8000' + '0000000100000002');
  });

  it('lets every other failure through to the caller', async () => {
    const { medium, run } = diskWithTwoNexuses();
    medium.failure = new RangeError('a defect');
    await expect(run(readCdb(10, 0, 1))).rejects.toThrow(new RangeError('a defect'));
  });
});

describe('VERIFY', () => {
  it('disk-01: reads the range without a data phase, and knows its end', async () => {
    const { medium, run } = diskWithTwoNexuses();
    const result = await run('2f 00 00 00 00 00 00 00 08 00');
    expect([outcome(result), result.data]).toEqual(['GOOD', undefined]);
    expect(medium.calls).toEqual([{ call: 'read', offset: 0, length: 4096 }]);
    expect(outcome(await run('8f 00 00 00 00 00 00 00 00 3f 00 00 00 02 00 00'))).toBe('05/21/00');
    expect(outcome(await run('af 00 00 00 00 3f 00 00 00 01 00 00'))).toBe('GOOD');
  });

  it('reads a long range in pieces', async () => {
    const { run, unit } = diskWithTwoNexuses();
    const medium = new ModelMedium(512, 5000n);
    replaceMedium(unit, medium);
    unit.nexuses.get('s1')?.attentions.splice(0);
    expect(outcome(await run(Uint8Array.from(FORMS[10](0x2f, 0, 5000))))).toBe('GOOD');
    expect(medium.calls.map(({ length }) => length)).toEqual([1 << 20, 1 << 20, 5000 * 512 - (2 << 20)]);
  });

  it('disk-02: compares, tells where the first difference is, and never writes', async () => {
    const { medium, run } = diskWithTwoNexuses();
    medium.content.fill(0xaa);
    const other = blocks(1, 0xaa);
    other[77] = 0xbb;
    const result = await run('2f 02 00 00 00 0a 00 00 01 00', { dataOut: other });
    expect(outcome(result)).toBe('0e/1d/00');
    expect(hex(result.sense?.subarray(0, 7))).toBe('f0000e0000004d');
    expect(medium.content.every((byte) => byte === 0xaa)).toBe(true);
    expect(outcome(await run('2f 02 00 00 00 0a 00 00 01 00', { dataOut: blocks(1, 0xaa) }))).toBe('GOOD');
  });

  it('disk-02: compares one block with each of the range for BYTCHK=3', async () => {
    const { medium, run } = diskWithTwoNexuses();
    medium.content.fill(0xaa);
    const cdb = '2f 06 00 00 00 0a 00 00 04 00';
    expect(outcome(await run(cdb, { dataOut: blocks(1, 0xaa) }))).toBe('GOOD');
    medium.content[12 * 512 + 1] = 0;
    const result = await run(cdb, { dataOut: blocks(1, 0xaa) });
    expect(outcome(result)).toBe('0e/1d/00');
    expect(hex(result.sense?.subarray(3, 7))).toBe('00000401');
    expect(medium.calls.every(({ call }) => call === 'read')).toBe(true);
  });

  it('refuses the reserved BYTCHK=2 and too little data to compare', async () => {
    const { medium, run } = diskWithTwoNexuses();
    expect(outcome(await run('2f 04 00 00 00 0a 00 00 01 00', { dataOut: blocks(1, 0) }))).toBe('05/24/00');
    expect(outcome(await run('2f 02 00 00 00 0a 00 00 02 00', { dataOut: blocks(1, 0) }))).toBe('05/24/00');
    expect(outcome(await run('2f 06 00 00 00 0a 00 00 02 00'))).toBe('05/24/00');
    expect(medium.calls).toEqual([]);
  });
});

describe('READ CAPACITY', () => {
  it('tells last block and block length, and no thin provisioning (disk-07)', async () => {
    const { run } = diskWithTwoNexuses({ physicalBlockExponent: 3 });
    expect(hex((await run(READ_CAPACITY_10)).data)).toBe('0000003f00000200');
    const long = hex((await run(READ_CAPACITY_16)).data);
    expect(long).toBe('000000000000003f' + '00000200' + '0003' + '0000' + '00'.repeat(16));
    expect((await run(READ_CAPACITY_16.replace('20 00 00', '0c 00 00'))).data).toHaveLength(12);
  });

  it('disk-06: of 3 TiB is FFFFFFFFh in the short form and whole in the long one', async () => {
    const { run } = diskWithTwoNexuses({ medium: hugeMedium(512, 3n << 31n) });
    expect(hex((await run(READ_CAPACITY_10)).data)).toBe('ffffffff00000200');
    expect(hex((await run(READ_CAPACITY_16)).data?.subarray(0, 8))).toBe('000000017fffffff');
  });

  it('refuses an LBA without PMI', async () => {
    const { run } = diskWithTwoNexuses();
    expect(outcome(await run('25 00 00 00 00 01 00 00 00 00'))).toBe('05/24/00');
    expect(outcome(await run('25 00 00 00 00 01 00 00 01 00'))).toBe('GOOD');
    expect(outcome(await run('9e 10 00 00 00 00 00 00 00 01 00 00 00 20 00 00'))).toBe('05/24/00');
  });
});

describe('what ends in a flush', () => {
  it.each([
    ['SYNCHRONIZE CACHE(10)', '35 00 00 00 00 00 00 00 00 00', 1],
    ['SYNCHRONIZE CACHE(16) of a range, IMMED', '91 02 00 00 00 00 00 00 00 3f 00 00 00 01 00 00', 1],
    ['STOP', '1b 00 00 00 00 00', 1],
    ['STOP with NO_FLUSH', '1b 00 00 00 04 00', 0],
    ['START', '1b 00 00 00 01 00', 0],
    ['START with LOEJ', '1b 00 00 00 03 00', 0],
    ['a power condition', '1b 00 00 00 30 00', 1],
  ])('%s', async (_name, cdb, flushes) => {
    const { medium, run } = diskWithTwoNexuses();
    expect(outcome(await run(cdb))).toBe('GOOD');
    expect(medium.calls).toEqual(new Array(flushes).fill({ call: 'flush' }));
  });

  it('a non-volatile cache needs none', async () => {
    const { medium, run } = diskWithTwoNexuses({ nvCache: true });
    expect(outcome(await run('35 00 00 00 00 00 00 00 00 00'))).toBe('GOOD');
    expect(outcome(await run('1b 00 00 00 00 00'))).toBe('GOOD');
    expect(medium.calls).toEqual([]);
  });

  it.each([
    ['a range beyond the end', '35 00 00 00 00 3f 00 00 02 00', '05/21/00'],
    ['an eject of what is not removable', '1b 00 00 00 02 00', '05/24/00'],
  ])('refuses %s', async (_what, cdb, expected) => {
    expect(outcome(await diskWithTwoNexuses().run(cdb))).toBe(expected);
  });
});

it('is NOT READY without a medium, but can be asked who it is', async () => {
  const { unit, run } = diskWithTwoNexuses();
  replaceMedium(unit, undefined);
  for (const cdb of [READ_CAPACITY_10, READ_CAPACITY_16, readCdb(10, 0, 1), '35 00 00 00 00 00 00 00 00 00']) {
    expect(outcome(await run(cdb))).toBe('02/04/03');
  }
  expect(outcome(await run('12 00 00 00 ff 00'))).toBe('GOOD');
  expect(hex((await run('1a 00 08 00 ff 00')).data?.subarray(4, 12))).toBe('0000000000000200');
});

// WRITE AND VERIFY and ORWRITE on a medium: exactly the blocks that the CDB names, and sense that says what went wrong.
import fc from 'fast-check';
import { diskWithTwoNexuses, hex, ModelMedium, outcome } from '../testing/disk-fixture.js';
import { MediumError } from '../types.js';

const BLOCKS = 64;
const SIZE = 512;
const fill = (count: number, value: number) => new Uint8Array(count * SIZE).fill(value);

/** CDBs of 10, 12 and 16 bytes for WRITE AND VERIFY; `flags` is byte 1. */
const FORMS = [
  (lba: number, count: number, flags: number) => [0x2e, flags, 0, 0, 0, lba, 0, 0, count, 0],
  (lba: number, count: number, flags: number) => [0xae, flags, 0, 0, 0, lba, 0, 0, 0, count, 0, 0],
  (lba: number, count: number, flags: number) => [0x8e, flags, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0, count, 0, 0],
];
const orWrite = (lba: number, count: number, flags = 0) =>
  Uint8Array.of(0x8b, flags, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0, count, 0, 0);

/** A medium that stores other data than it was given. */
class BadMedium extends ModelMedium {
  override async write(offset: number, data: Uint8Array, durable: boolean): Promise<void> {
    await super.write(offset, data, durable);
    this.content[offset + 700] = 0xee;
  }
}

it('write exactly the blocks that the CDB names, whatever came before', async () => {
  const step = fc.record({
    form: fc.constantFrom(...FORMS, (lba: number, count: number) => [...orWrite(lba, count)]),
    lba: fc.nat(BLOCKS + 4),
    count: fc.nat(9),
    value: fc.integer({ min: 1, max: 255 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const { medium, run } = diskWithTwoNexuses();
      const model = new Uint8Array(medium.content.length);
      for (const { form, lba, count, value } of steps) {
        const cdb = Uint8Array.from(form(lba, count, 0x02));
        const result = await run(cdb, { dataOut: fill(count, value) });
        const inRange = lba < BLOCKS && lba + count <= BLOCKS;
        expect(outcome(result)).toBe(inRange ? 'GOOD' : '05/21/00');
        for (let at = lba * SIZE; inRange && at < (lba + count) * SIZE; at += 1) {
          model[at] = cdb[0] === 0x8b ? (model[at] ?? 0) | value : value;
        }
        expect(Buffer.compare(medium.content, model)).toBe(0);
      }
    }),
    { numRuns: 100 },
  );
});

describe('WRITE AND VERIFY', () => {
  it.each(FORMS.map((form) => [form(3, 2, 0).length, form] as const))(
    'in %i bytes is durable and read back, compared or not',
    async (_length, form) => {
      const { medium, run } = diskWithTwoNexuses();
      for (const flags of [0, 0x02]) {
        medium.calls.splice(0);
        expect(outcome(await run(Uint8Array.from(form(3, 2, flags)), { dataOut: fill(2, 7) }))).toBe('GOOD');
        expect(medium.calls).toEqual([
          { call: 'write', offset: 3 * SIZE, length: 2 * SIZE, durable: true },
          { call: 'read', offset: 3 * SIZE, length: 2 * SIZE },
        ]);
      }
    },
  );

  it('tells by BYTCHK=1 where the medium holds something else, as an offset into the data', async () => {
    const { run } = diskWithTwoNexuses({ medium: new BadMedium(SIZE, BigInt(BLOCKS)) });
    const result = await run('2e 02 00 00 00 00 00 00 02 00', { dataOut: fill(2, 7) });
    expect(outcome(result)).toBe('0e/1d/00');
    expect(hex(result.sense?.subarray(3, 7))).toBe('000002bc');
    expect(outcome(await run('2e 00 00 00 00 00 00 00 02 00', { dataOut: fill(2, 7) }))).toBe('GOOD');
  });

  it.each([0x04, 0x06])('refuses the BYTCHK in %i, which VERIFY alone knows, and writes nothing', async (flags) => {
    const { medium, run } = diskWithTwoNexuses();
    expect(outcome(await run(Uint8Array.of(0x2e, flags, 0, 0, 0, 0, 0, 0, 1, 0), { dataOut: fill(1, 7) }))).toBe(
      '05/24/00',
    );
    expect(medium.calls).toEqual([]);
  });
});

describe('both', () => {
  it.each(['2e 00 00 00 00 05 00 00 02 00', hex(orWrite(5, 2))])(
    'refuse too little data before anything is written, and protection: %s',
    async (cdb) => {
      const { medium, run } = diskWithTwoNexuses();
      expect(outcome(await run(cdb, { dataOut: fill(1, 7) }))).toBe('05/24/00');
      const withProtection = Uint8Array.from(Buffer.from(cdb.replaceAll(' ', ''), 'hex'));
      withProtection[1] = 0x20;
      expect(outcome(await run(withProtection, { dataOut: fill(2, 7) }))).toBe('05/24/00');
      expect(medium.calls).toEqual([]);
    },
  );

  it.each(['2e 00 00 00 00 05 00 00 02 00', hex(orWrite(5, 2))])(
    'say at which LBA the medium failed, and are refused on a write-protected unit: %s',
    async (cdb) => {
      const { medium, run } = diskWithTwoNexuses();
      medium.failure = new MediumError('noSpace', 'full');
      const failed = await run(cdb, { dataOut: fill(2, 7) });
      expect(outcome(failed)).toBe('07/27/07');
      expect(hex(failed.sense?.subarray(3, 7))).toBe('00000005');
      const locked = diskWithTwoNexuses({ readOnly: true });
      expect(outcome(await locked.run(cdb, { dataOut: fill(2, 7) }))).toBe('07/27/00');
    },
  );
});

it('ORWRITE is durable where FUA or the write cache asks for it, and does the same when it runs twice', async () => {
  const { medium, run } = diskWithTwoNexuses();
  for (const flags of [0, 0x08, 0x08])
    expect(outcome(await run(orWrite(5, 1, flags), { dataOut: fill(1, 5) }))).toBe('GOOD');
  expect(medium.calls.flatMap(({ call, durable }) => (call === 'write' ? [durable] : []))).toEqual([false, true, true]);
  expect(medium.content[5 * SIZE]).toBe(5);
});

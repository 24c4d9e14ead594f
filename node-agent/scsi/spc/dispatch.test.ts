// What holds for every command, whatever it is.
import fc from 'fast-check';
import { accessOf, dataOutOpcodes, disk, execute, flagsOf, snapshot, UnknownNexusError } from '../index.js';
import { bytes, diskWithTwoNexuses, hex, outcome } from '../testing/disk-fixture.js';

const SERVED = new Set(disk.commands.map(({ opcode }) => opcode));

describe('any CDB', () => {
  const anyCdb = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .tuple(
        fc.constantFrom(...disk.commands),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.integer({ min: 0, max: 32 }),
      )
      .map(([{ opcode, serviceAction, usage }, noise, length]) => {
        // Within the evaluated bits, so that many get past the checks of fields; sometimes cut short.
        const cdb = noise.map((byte, at) => byte & (usage[at] ?? 0xff));
        cdb[0] = opcode;
        if (serviceAction !== undefined) cdb[1] = serviceAction;
        return cdb.subarray(0, Math.max(length, usage.length - 1));
      }),
    fc
      .tuple(fc.constantFrom(...disk.commands), fc.uint8Array({ minLength: 16, maxLength: 16 }))
      .map(([{ opcode, serviceAction, usage }, noise]) => {
        // Small numbers, so that many ranges are within the unit.
        const cdb = noise.map((byte, at) => (at >= usage.length - 3 ? byte & (usage[at] ?? 0) & 7 : 0));
        cdb[0] = opcode;
        if (serviceAction !== undefined) cdb[1] = serviceAction;
        return cdb.subarray(0, usage.length);
      }),
  );

  it('has a status that SAM knows, sense only with CHECK CONDITION, and no more data than there is room for', async () => {
    const { run } = diskWithTwoNexuses({ removable: true });
    await fc.assert(
      fc.asyncProperty(
        anyCdb,
        fc.uint8Array({ maxLength: 1100 }),
        fc.integer({ min: 0, max: 3000 }),
        fc.constantFrom('s1', 's2'),
        async (cdb, dataOut, dataInLength, on) => {
          const { status, sense, data } = await run(cdb, { on, dataOut, dataInLength });
          expect([0x00, 0x02, 0x04, 0x18]).toContain(status);
          expect(sense !== undefined).toBe(status === 0x02);
          expect(data?.length ?? 0).toBeLessThanOrEqual(dataInLength);
          if (status !== 0) expect(data).toBeUndefined();
          expect(sense?.length ?? 0).toBeLessThanOrEqual(96);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('changes the remembered state only with a new state version, and in shared access only by delivering attentions', async () => {
    const { unit, run } = diskWithTwoNexuses();
    await fc.assert(
      fc.asyncProperty(
        anyCdb,
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom('s1', 's2'),
        async (cdb, dataOut, on) => {
          const before = { state: JSON.stringify(snapshot(unit)), version: unit.stateVersion };
          await run(cdb, { on, dataOut });
          const after = snapshot(unit);
          if (JSON.stringify(after) !== before.state) expect(unit.stateVersion).toBeGreaterThan(before.version);
          if (accessOf(unit, cdb) === 'exclusive') return;
          const former = JSON.parse(before.state) as typeof after;
          expect({ ...after, nexuses: {} }).toEqual({ ...former, nexuses: {} });
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('disk-03: of an opcode that is not served is answered with INVALID COMMAND OPERATION CODE, and the next one works', async () => {
    const { run } = diskWithTwoNexuses();
    for (let opcode = 0; opcode < 256; opcode++) {
      const result = outcome(await run(Uint8Array.from({ length: 16 }, (_, at) => (at === 0 ? opcode : 0))));
      if (!SERVED.has(opcode)) expect(result).toBe('05/20/00');
      await run('17 00 00 00 00 00');
    }
    expect(outcome(await run('7f 00 00 00 00 00 00 18 ff ff' + '00'.repeat(22)))).toBe('05/20/00');
    expect(outcome(await run('1f 00 00 00 00 00'))).toBe('05/20/00');
    expect(outcome(await run('00 00 00 00 00 00'))).toBe('GOOD');
  });

  it('disk-03: with an unknown service action of a known opcode has an invalid field', async () => {
    const { sense } = await diskWithTwoNexuses().run('9e 1f' + '00'.repeat(14));
    expect(hex(sense)).toBe('7000050000000' + '00a' + '00000000' + '2400' + '00' + 'cc0001');
  });

  it.each([
    ['is too short', '28 00 00 00 00'],
    ['has NACA set, which needs NORMACA', '00 00 00 00 00 04'],
    ['has NACA set at its own length', '28 00 00 00 00 00 00 00 01 04 00 00'],
  ])('that %s is refused', async (_what, cdb) => {
    expect(outcome(await diskWithTwoNexuses().run(cdb))).toBe('05/24/00');
  });

  it('of no bytes is refused', async () => {
    expect(outcome(await diskWithTwoNexuses().run(new Uint8Array()))).toBe('05/20/00');
  });
});

it('refuses to run for a nexus that was never added', async () => {
  const { unit } = diskWithTwoNexuses();
  await expect(execute(unit, 'nobody', bytes('000000000000'), new Uint8Array(), 0)).rejects.toThrow(UnknownNexusError);
  expect(() => flagsOf(unit, 'nobody')).toThrow(UnknownNexusError);
});

it('tells what changes the state of the unit', () => {
  const { unit } = diskWithTwoNexuses();
  const exclusive = disk.commands.filter(
    ({ opcode, serviceAction = 0 }) => accessOf(unit, Uint8Array.of(opcode, serviceAction)) === 'exclusive',
  );
  expect([...new Set(exclusive.map(({ opcode }) => opcode))]).toEqual([
    ...[0x04, 0x15, 0x16, 0x17, 0x1b, 0x1e, 0x2e, 0x48, 0x55, 0x56, 0x57, 0x5f, 0x89, 0x8b, 0x8e, 0x9c, 0xa4, 0xae],
  ]);
});

it('lists the opcodes with a Data-Out phase', () => {
  const opcodes = dataOutOpcodes(disk);
  expect(opcodes).toHaveLength(256);
  const listed = [...opcodes.keys()].filter((opcode) => opcodes[opcode] === 1);
  expect(listed).toEqual([
    ...[
      0x04, 0x07, 0x0a, 0x15, 0x1d, 0x2a, 0x2e, 0x2f, 0x3b, 0x41, 0x42, 0x48, 0x4c, 0x55, 0x5f, 0x83, 0x89, 0x8a, 0x8b,
      0x8e, 0x8f, 0x93, 0x9c, 0xa4, 0xaa, 0xae, 0xaf,
    ],
  ]);
});

it.each([
  ['1c 01 00 00 ff 00', 'GOOD', '0000000100'],
  ['1c 01 00 00 02 00', 'GOOD', '0000'],
  ['1c 01 40 00 ff 00', '05/24/00', ''],
  ['1c 00 00 00 ff 00', '05/24/00', ''],
])('has one diagnostic page, the list of them: %s', async (cdb, expected, data) => {
  const result = await diskWithTwoNexuses().run(cdb);
  expect([outcome(result), hex(result.data)]).toEqual([expected, data]);
});

it('answers the default self-test with GOOD, and refuses other diagnostics', async () => {
  const { run } = diskWithTwoNexuses();
  expect(outcome(await run('1d 04 00 00 00 00'))).toBe('GOOD');
  expect(outcome(await run('1d 20 00 00 00 00'))).toBe('05/24/00');
  expect(outcome(await run('1d 10 00 00 08 00', { dataOut: new Uint8Array(8) }))).toBe('05/24/00');
});

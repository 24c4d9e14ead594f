// RESERVE and RELEASE of SPC-2, PREVENT, and what resets and lost nexuses do to them.
import { addNexus, flagsOf, nexusLoss, removalPreventedBy, removeNexus, resetLogicalUnit } from '../index.js';
import { diskWithTwoNexuses, nexus, outcome } from '../testing/disk-fixture.js';

const TEST_UNIT_READY = '00 00 00 00 00 00';
const RESERVE = '16 00 00 00 00 00';
const RELEASE = '17 00 00 00 00 00';

describe('RESERVE and RELEASE', () => {
  it('pr-03: the sequence of two initiators', async () => {
    const { run } = diskWithTwoNexuses();
    const steps: [string, string][] = [
      ['s1', RESERVE],
      ['s1', RESERVE],
      ['s2', RESERVE],
      ['s2', TEST_UNIT_READY],
      ['s2', RELEASE],
      ['s1', RELEASE],
      ['s2', RESERVE],
    ];
    const seen: string[] = [];
    for (const [on, cdb] of steps) seen.push(outcome(await run(cdb, { on })));
    expect(seen).toEqual(['GOOD', 'GOOD', 'CONFLICT', 'CONFLICT', 'GOOD', 'GOOD', 'GOOD']);
  });

  it('a RELEASE without the reservation has no effect', async () => {
    const { unit, run } = diskWithTwoNexuses();
    await run(RESERVE);
    await run(RELEASE, { on: 's2' });
    expect(unit.reservation).toBe('s1');
  });

  it('works alike with 10-byte CDBs', async () => {
    const { run } = diskWithTwoNexuses();
    await run('56 00 00 00 00 00 00 00 00 00');
    expect(outcome(await run(RESERVE, { on: 's2' }))).toBe('CONFLICT');
    await run('57 00 00 00 00 00 00 00 00 00');
    expect(outcome(await run(RESERVE, { on: 's2' }))).toBe('GOOD');
  });

  it.each(['16 01 00 00 00 00', '16 10 00 00 00 00', '56 02 00 00 00 00 00 00 00 00', '17 01 00 00 00 00'])(
    'refuses extents and third parties: %s',
    async (cdb) => {
      const { unit, run } = diskWithTwoNexuses();
      expect(outcome(await run(cdb))).toBe('05/24/00');
      expect(unit.reservation).toBeUndefined();
    },
  );

  it.each([
    ['INQUIRY', '12 00 00 00 ff 00', 'GOOD'],
    ['REQUEST SENSE', '03 00 00 00 ff 00', 'GOOD'],
    ['REPORT LUNS', 'a0 00 00 00 00 00 00 00 00 ff 00 00', 'GOOD'],
    ['READ CAPACITY(10)', '25 00 00 00 00 00 00 00 00 00', 'GOOD'],
    ['READ CAPACITY(16)', '9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00', 'GOOD'],
    ['PREVENT=0', '1e 00 00 00 00 00', 'GOOD'],
    ['PREVENT=1', '1e 00 00 00 01 00', 'CONFLICT'],
    ['START', '1b 00 00 00 01 00', 'GOOD'],
    ['STOP', '1b 00 00 00 00 00', 'CONFLICT'],
    ['READ(10)', '28 00 00 00 00 00 00 00 01 00', 'CONFLICT'],
    ['WRITE(10)', '2a 00 00 00 00 00 00 00 01 00', 'CONFLICT'],
    ['VERIFY(10)', '2f 00 00 00 00 00 00 00 01 00', 'CONFLICT'],
    ['SYNCHRONIZE CACHE', '35 00 00 00 00 00 00 00 00 00', 'CONFLICT'],
    ['MODE SENSE', '1a 00 3f 00 ff 00', 'CONFLICT'],
    ['MODE SELECT', '15 10 00 00 00 00', 'CONFLICT'],
    ['an unknown command', 'c7 00 00 00 00 00', '05/20/00'],
  ])('of another nexus: %s gives %s → %s', async (_name, cdb, expected) => {
    const { medium, run } = diskWithTwoNexuses();
    await run(RESERVE);
    expect(outcome(await run(cdb, { on: 's2', dataOut: new Uint8Array(512).fill(1) }))).toBe(expected);
    expect(medium.calls).toEqual([]);
  });

  it('blocks the fast path of the other nexuses only', async () => {
    const { unit, run } = diskWithTwoNexuses();
    await run(RESERVE);
    expect(flagsOf(unit, 's1')).toMatchObject({ writeBlocked: false, accessBlocked: false });
    expect(flagsOf(unit, 's2')).toMatchObject({ writeBlocked: true, accessBlocked: true });
  });
});

describe('PREVENT ALLOW MEDIUM REMOVAL', () => {
  it('holds until every nexus allows removal', async () => {
    const { unit, run } = diskWithTwoNexuses({ removable: true });
    await run('1e 00 00 00 01 00');
    await run('1e 00 00 00 01 00', { on: 's2' });
    await run('1e 00 00 00 00 00');
    expect(removalPreventedBy(unit)).toBe('s2');
    await run('1e 00 00 00 00 00', { on: 's2' });
    expect(removalPreventedBy(unit)).toBeUndefined();
    expect(outcome(await run('1e 00 00 00 03 00'))).toBe('05/24/00');
  });
});

describe('what ends them', () => {
  const reserved = async () => {
    const fixture = diskWithTwoNexuses();
    await fixture.run(RESERVE);
    await fixture.run('1e 00 00 00 01 00');
    return fixture;
  };

  it('LUN RESET drops both and restores the mode pages; the other nexuses hear of it', async () => {
    const { unit, run } = await reserved();
    const dSense = new Uint8Array([0, 0, 0, 0, 0x0a, 0x0a, 0x24, 0x10, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(outcome(await run('15 10 00 00 10 00', { dataOut: dSense }))).toBe('GOOD');
    resetLogicalUnit(unit, 's1');
    expect(removalPreventedBy(unit)).toBeUndefined();
    expect(outcome(await run(TEST_UNIT_READY, { on: 's2' }))).toBe('06/29/03');
    expect(outcome(await run(TEST_UNIT_READY, { on: 's2' }))).toBe('06/2a/01');
    expect(outcome(await run(TEST_UNIT_READY, { on: 's2' }))).toBe('GOOD');
    expect(outcome(await run(TEST_UNIT_READY))).toBe('GOOD');
    expect((await run('1a 08 0a 00 ff 00')).data?.[6]).toBe(0x20);
  });

  it('the removal of the nexus drops both', async () => {
    const { unit, run } = await reserved();
    removeNexus(unit, 's1');
    expect(outcome(await run(TEST_UNIT_READY, { on: 's2' }))).toBe('GOOD');
    expect(removalPreventedBy(unit)).toBeUndefined();
    addNexus(unit, nexus('s1'));
    expect(outcome(await run(TEST_UNIT_READY))).toBe('06/29/00');
  });

  it('a nexus loss drops both and tells the nexus itself', async () => {
    const { unit, run } = await reserved();
    nexusLoss(unit, 's1');
    expect(outcome(await run(TEST_UNIT_READY, { on: 's2' }))).toBe('GOOD');
    expect(outcome(await run(TEST_UNIT_READY))).toBe('06/29/07');
    expect(removalPreventedBy(unit)).toBeUndefined();
  });

  it('the removal of another nexus drops nothing', async () => {
    const { unit, run } = await reserved();
    removeNexus(unit, 's2');
    addNexus(unit, nexus('s3'));
    await run(TEST_UNIT_READY, { on: 's3' });
    expect(outcome(await run(TEST_UNIT_READY, { on: 's3' }))).toBe('CONFLICT');
  });
});

// Failures of the medium: a failed flush stays, everything else is of its command alone.
import { flagsOf, forgetLostWrites, MediumError, restore, snapshot } from '../index.js';
import { disk64, diskWithTwoNexuses, outcome } from '../testing/disk-fixture.js';

const READ = '28 00 00 00 00 00 00 00 01 00';
const WRITE = '2a 00 00 00 00 00 00 00 01 00';
const WRITE_FUA = '2a 08 00 00 00 00 00 00 01 00';
const SYNCHRONIZE_CACHE = '35 00 00 00 00 00 00 00 00 00';
const dataOut = new Uint8Array(512);

async function broken() {
  const fixture = diskWithTwoNexuses();
  fixture.medium.failure = new MediumError('flush', 'broken');
  expect(outcome(await fixture.run(SYNCHRONIZE_CACHE))).toBe('03/0c/00');
  fixture.medium.failure = undefined;
  return fixture;
}

it('after a failed flush writes and flushes fail for every nexus, and nothing is written', async () => {
  const { medium, run } = await broken();
  const before = medium.calls.length;
  for (const on of ['s1', 's2'])
    for (const cdb of [WRITE, WRITE_FUA, SYNCHRONIZE_CACHE, '91'.padEnd(32, '0'), '42 00 00 00 00 00 00 00 00 00'])
      expect([cdb, outcome(await run(cdb, { on, dataOut }))]).toEqual([
        cdb,
        cdb.startsWith('42') ? '05/20/00' : '03/0c/00',
      ]);
  expect(medium.calls).toHaveLength(before);
  expect(outcome(await run(READ))).toBe('GOOD');
});

it('keeps the fast path from writing, and not from reading', async () => {
  const { unit } = await broken();
  expect(flagsOf(unit, 's2')).toMatchObject({ writeBlocked: true, accessBlocked: false, readOnly: false });
});

it('outlives the engine, and ends when somebody has looked after it', async () => {
  const { unit } = await broken();
  const next = disk64().unit;
  restore(next, snapshot(unit));
  expect(next.writesLost).toBe(true);
  forgetLostWrites(next);
  expect([next.writesLost, snapshot(next).writesLost]).toEqual([false, false]);
});

it.each([
  ['write', '03/0c/00'],
  ['noSpace', '07/27/07'],
] as const)('a failure of kind %s is of its command alone, and counted', async (kind, sense) => {
  const { unit, medium, run } = diskWithTwoNexuses();
  medium.failure = new MediumError(kind, 'broken');
  expect(outcome(await run(WRITE, { dataOut }))).toBe(sense);
  medium.failure = undefined;
  expect(outcome(await run(WRITE, { dataOut }))).toBe('GOOD');
  expect(unit.mediumFailures).toEqual({ read: 0, write: 0, noSpace: 0, flush: 0, [kind]: 1 });
});

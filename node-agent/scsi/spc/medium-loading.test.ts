// A removable disk: the medium goes with LOEJ, comes back with LOEJ and START, and stays while a nexus prevents removal.
import { flagsOf, restore, snapshot } from '../index.js';
import { disk64, diskWithTwoNexuses, outcome } from '../testing/disk-fixture.js';

const TEST_UNIT_READY = '00 00 00 00 00 00';
const READ = '28 00 00 00 00 00 00 00 01 00';
const EJECT = '1b 00 00 00 02 00';
const LOAD = '1b 00 00 00 03 00';
const PREVENT = '1e 00 00 00 01 00';
const ALLOW = '1e 00 00 00 00 00';

it('is NOT READY without its medium, and tells the other nexus when it is back', async () => {
  const { unit, run } = diskWithTwoNexuses({ removable: true });
  expect(outcome(await run(EJECT))).toBe('GOOD');
  expect(flagsOf(unit, 's2').notReady).toBe(true);
  for (const cdb of [TEST_UNIT_READY, READ, '1b 00 00 00 01 00', '1b 00 00 00 00 00']) {
    expect([cdb, outcome(await run(cdb))]).toEqual([cdb, '02/3a/00']);
  }
  expect(outcome(await run(EJECT))).toBe('GOOD');
  expect(outcome(await run(LOAD))).toBe('GOOD');
  expect(outcome(await run(READ))).toBe('GOOD');
  expect(outcome(await run(READ, { on: 's2' }))).toBe('06/28/00');
  expect(outcome(await run(READ, { on: 's2' }))).toBe('GOOD');
});

it('stays loaded while any nexus prevents removal', async () => {
  const { run } = diskWithTwoNexuses({ removable: true });
  await run(PREVENT, { on: 's2' });
  expect(outcome(await run(EJECT))).toBe('05/53/02');
  expect(outcome(await run(TEST_UNIT_READY))).toBe('GOOD');
  await run(ALLOW, { on: 's2' });
  expect(outcome(await run(EJECT))).toBe('GOOD');
});

it('a stop without LOEJ leaves the medium where it is', async () => {
  const { run } = diskWithTwoNexuses({ removable: true });
  await run('1b 00 00 00 00 00');
  await run('1b 00 00 00 32 00');
  expect(outcome(await run(TEST_UNIT_READY))).toBe('GOOD');
});

it('the next engine finds the medium out, and can load it', async () => {
  const { unit, run } = diskWithTwoNexuses({ removable: true });
  await run(EJECT);
  const next = disk64({ removable: true });
  restore(next.unit, snapshot(unit));
  expect(next.unit.medium).toBeUndefined();
  expect(next.unit.ejected?.blocks).toBe(64n);
});

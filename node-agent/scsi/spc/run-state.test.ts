// What survives a restart of the engine.
import fc from 'fast-check';
import { addNexus, restore, snapshot, SnapshotVersionError, writeCacheEnabled, type UnitSnapshot } from '../index.js';
import { bytes, disk64, diskWithTwoNexuses, nexus, outcome } from '../testing/disk-fixture.js';

const WRITE_THROUGH_LIST = bytes('00000000' + '081200' + '00'.repeat(9) + '8014' + '00'.repeat(6));

const command = fc.constantFrom<{ cdb: string; dataOut?: Uint8Array }>(
  { cdb: '16 00 00 00 00 00' },
  { cdb: '17 00 00 00 00 00' },
  { cdb: '1e 00 00 00 01 00' },
  { cdb: '1e 00 00 00 00 00' },
  { cdb: '00 00 00 00 00 00' },
  { cdb: '15 10 00 00 18 00', dataOut: WRITE_THROUGH_LIST },
);

it('snapshot∘restore is the identity, through JSON and whatever happened before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(command, fc.constantFrom('s1', 's2'))), async (steps) => {
      const { unit, run } = disk64();
      addNexus(unit, nexus('s1'));
      addNexus(unit, nexus('s2'));
      for (const [{ cdb, dataOut }, on] of steps) await run(cdb, { on, dataOut });
      const taken = snapshot(unit);
      const successor = disk64().unit;
      restore(successor, JSON.parse(JSON.stringify(taken)) as UnitSnapshot);
      expect(snapshot(successor)).toEqual(taken);
      addNexus(successor, nexus('s1'));
      addNexus(successor, nexus('s2'));
      expect(snapshot(successor)).toEqual(taken);
    }),
  );
});

it('an engine restart is no power loss for the initiator', async () => {
  const before = diskWithTwoNexuses();
  await before.run('16 00 00 00 00 00');
  await before.run('15 10 00 00 18 00', { dataOut: WRITE_THROUGH_LIST });
  const after = disk64();
  restore(after.unit, snapshot(before.unit));
  addNexus(after.unit, nexus('s1'));
  addNexus(after.unit, nexus('s2'));
  addNexus(after.unit, nexus('new'));
  const ready = async (on: string) => outcome(await after.run('00 00 00 00 00 00', { on }));
  expect(await ready('s1')).toBe('GOOD');
  expect(await ready('s2')).toBe('06/2a/01');
  expect(await ready('s2')).toBe('CONFLICT');
  expect(await ready('new')).toBe('06/29/00');
  expect(writeCacheEnabled(after.unit)).toBe(false);
});

it('a reservation holds while its nexus is not back yet', async () => {
  const before = diskWithTwoNexuses();
  await before.run('16 00 00 00 00 00');
  const after = disk64();
  restore(after.unit, snapshot(before.unit));
  addNexus(after.unit, nexus('s2'));
  expect(outcome(await after.run('00 00 00 00 00 00', { on: 's2' }))).toBe('CONFLICT');
});

it('a setting that forbids a remembered value wins', async () => {
  const before = diskWithTwoNexuses();
  const state = snapshot(before.unit);
  const after = disk64({ nvCache: true });
  restore(after.unit, state);
  expect(writeCacheEnabled(before.unit)).toBe(true);
  expect(writeCacheEnabled(after.unit)).toBe(false);
});

it('ignores pages that are damaged or unknown, and refuses another version', () => {
  const state = snapshot(diskWithTwoNexuses().unit);
  const { unit } = disk64();
  restore(unit, { ...state, modePages: { '8': '0812', '10': 'zz', '99': '630000' } });
  expect(snapshot(unit).modePages).toEqual(state.modePages);
  expect(() => restore(unit, { ...state, version: 1 as 2 })).toThrow(SnapshotVersionError);
});

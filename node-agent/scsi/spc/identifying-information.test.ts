// REPORT IDENTIFYING INFORMATION and SET IDENTIFYING INFORMATION.
import { applyDurableState, createLogicalUnit, disk, durableState } from '../index.js';
import { bytes, diskWithTwoNexuses, hex, IDENTITY, ModelMedium, outcome } from '../testing/disk-fixture.js';

const report = (type: string) => `a3 05 00 00 00 00 00 00 01 ff ${type} 00`;
const set = (type: string, length: string) => `a4 06 00 00 00 00 00 00 ${length} ${type} 00`;

it('starts with nothing, and lists the types that there are', async () => {
  const { run } = diskWithTwoNexuses();
  expect(hex((await run(report('00'))).data)).toBe('00000000');
  expect(hex((await run(report('fe'))).data)).toBe('00000008' + '00000040' + '04000100');
});

it('gives back what was set, for good, and tells the other nexuses', async () => {
  const { unit, run } = diskWithTwoNexuses();
  expect(outcome(await run(set('00', '00 03'), { dataOut: bytes('01 02 03') }))).toBe('GOOD');
  expect(outcome(await run(set('04', '00 03'), { dataOut: bytes('61 62 00') }))).toBe('GOOD');
  expect(hex((await run(report('00'))).data)).toBe('00000003' + '010203');
  expect(outcome(await run('00 00 00 00 00 00', { on: 's2' }))).toBe('06/3f/05');
  const next = createLogicalUnit({ personality: disk, identity: IDENTITY, medium: new ModelMedium(512, 64n) });
  applyDurableState(next, durableState(unit));
  expect(next.identifyingInformation).toEqual(unit.identifyingInformation);
  expect(outcome(await run(set('00', '00 00')))).toBe('GOOD');
  expect(hex((await run(report('00'))).data)).toBe('00000000');
  expect(hex((await run(report('04'))).data)).toBe('00000003' + '616200');
});

it.each([
  ['a type that is not there', set('06', '00 01'), '00', '05/24/00'],
  ['more than there is room for', set('00', '00 41'), '00'.repeat(65), '05/24/00'],
  ['a list that was not sent', set('00', '00 03'), '0102', '05/1a/00'],
  ['a text without an end', set('04', '00 02'), '6162', '05/26/00'],
  ['a report of a type that is not there', report('06'), '', '05/24/00'],
])('refuses %s', async (_, cdb, list, expected) => {
  const { unit, run } = diskWithTwoNexuses();
  expect(outcome(await run(cdb, { dataOut: bytes(list) }))).toBe(expected);
  expect(unit.identifyingInformation.size).toBe(0);
});

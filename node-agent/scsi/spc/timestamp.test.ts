// REPORT TIMESTAMP and SET TIMESTAMP.
import { createLogicalUnit, disk, restore, snapshot } from '../index.js';
import { bytes, diskWithTwoNexuses, hex, IDENTITY, ModelMedium, outcome } from '../testing/disk-fixture.js';

const REPORT = 'a3 0f 00 00 00 00 00 00 00 ff 00 00';
const SET = 'a4 0f 00 00 00 00 00 00 00 0c 00 00';

let now: number;
const fixture = () => diskWithTwoNexuses({ clock: () => now });
beforeEach(() => (now = 0x0123_4567_89ab));

it('is the node’s clock, set by other means than commands', async () => {
  const { run } = fixture();
  expect(hex((await run(REPORT)).data)).toBe('000a0300' + '0123456789ab' + '0000');
  expect(hex((await run('a3 0f 00 00 00 00 00 00 00 04 00 00')).data)).toBe('000a0300');
});

it('goes on from what a command has set, tells the other nexuses, and is kept with the run state', async () => {
  const { unit, run } = fixture();
  expect(outcome(await run(SET, { dataOut: bytes('00000000 000000001000 0000') }))).toBe('GOOD');
  now += 5;
  expect(hex((await run(REPORT)).data)).toBe('000a0200' + '000000001005' + '0000');
  expect(outcome(await run('00 00 00 00 00 00', { on: 's2' }))).toBe('06/2a/10');
  expect(outcome(await run('00 00 00 00 00 00'))).toBe('GOOD');
  const next = createLogicalUnit({ personality: disk, identity: IDENTITY, medium: new ModelMedium(512, 64n) });
  restore(next, snapshot(unit));
  expect(next.timestampOffset).toBe(unit.timestampOffset);
});

it.each([
  ['nothing to set', 'a4 0f 00 00 00 00 00 00 00 00 00 00', '', 'GOOD'],
  ['a list that is too short', 'a4 0f 00 00 00 00 00 00 00 0b 00 00', '00'.repeat(11), '05/1a/00'],
  ['a list that was not sent', SET, '00'.repeat(11), '05/1a/00'],
])('%s changes nothing', async (_, cdb, list, expected) => {
  const { unit, run } = fixture();
  expect(outcome(await run(cdb, { dataOut: bytes(list) }))).toBe(expected);
  expect(unit.timestampOffset).toBeUndefined();
});

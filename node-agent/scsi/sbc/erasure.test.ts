// FORMAT UNIT and SANITIZE: what the medium holds afterwards, and what other commands are told meanwhile.
import { advance, applyDurableState, durableState, endOperation, flagsOf, restore, snapshot } from '../index.js';
import { concat } from '../spc/bytes.js';
import { MediumError } from '../types.js';
import {
  bytes,
  disk64,
  diskWithTwoNexuses,
  hex,
  ModelMedium,
  outcome,
  type DiskFixture,
} from '../testing/disk-fixture.js';

const TEST_UNIT_READY = '00 00 00 00 00 00';
const READ = '28 00 00 00 00 00 00 00 01 00';
const FORMAT = '04 00 00 00 00 00';
const FORMAT_IMMEDIATE = '04 10 00 00 00 00';
const IMMEDIATE = bytes('00020000');
const BLOCK_ERASE = '48 02 00 00 00 00 00 00 00 00';
const EXIT_FAILURE = '48 1f 00 00 00 00 00 00 00 00';
const overwrite = (flags: string, length: number) =>
  `48 ${flags} 00 00 00 00 00 00 ${length.toString(16).padStart(2, '0')} 00`;

let fixture: DiskFixture;
beforeEach(() => {
  fixture = diskWithTwoNexuses({ thinProvisioned: true });
  fixture.medium.content.fill(7);
});

async function finish({ unit }: DiskFixture): Promise<void> {
  while (await advance(unit));
  endOperation(unit);
}

const everyByteIs = (byte: number) => fixture.medium.content.every((each) => each === byte);

describe('without IMMED', () => {
  it.each([
    ['FORMAT UNIT', FORMAT],
    ['SANITIZE, BLOCK ERASE', BLOCK_ERASE],
  ])('%s leaves zeros, on the disk, before GOOD', async (_what, cdb) => {
    expect(outcome(await fixture.run(cdb))).toBe('GOOD');
    expect(everyByteIs(0)).toBe(true);
    expect(fixture.medium.calls.at(-1)).toEqual({ call: 'flush' });
    expect(outcome(await fixture.run(TEST_UNIT_READY))).toBe('GOOD');
  });

  it('gives the space of a thin disk back', async () => {
    const thin = diskWithTwoNexuses({ thinProvisioned: true });
    await thin.run(FORMAT);
    expect(thin.medium.calls.map(({ call }) => call)).toEqual(['discard', 'flush']);
  });

  it('OVERWRITE repeats the pattern in every block, as often as asked, inverted every other time', async () => {
    const list = bytes('83 00 0002 a55a'.replaceAll(' ', ''));
    expect(outcome(await fixture.run(overwrite('01', 6), { dataOut: list }))).toBe('GOOD');
    expect(hex(fixture.medium.content.subarray(510, 516))).toBe('a55aa55aa55a');
    expect(fixture.medium.calls.map(({ call }) => call)).toEqual([
      'write',
      'flush',
      'write',
      'flush',
      'write',
      'flush',
    ]);
    const twice = bytes('82 00 0002 a55a'.replaceAll(' ', ''));
    await fixture.run(overwrite('01', 6), { dataOut: twice });
    expect(hex(fixture.medium.content.subarray(510, 514))).toBe('5aa55aa5');
  });
});

describe('with IMMED', () => {
  it.each([
    ['FORMAT UNIT', FORMAT_IMMEDIATE, IMMEDIATE, '02/04/04'],
    ['SANITIZE', BLOCK_ERASE.replace('48 02', '48 82'), new Uint8Array(), '02/04/1b'],
  ])('%s is GOOD at once, and the medium is NOT READY until the end', async (_what, cdb, dataOut, sense) => {
    expect(outcome(await fixture.run(cdb, { dataOut }))).toBe('GOOD');
    expect(everyByteIs(7)).toBe(true);
    expect(flagsOf(fixture.unit, 's2').notReady).toBe(true);
    for (const command of [TEST_UNIT_READY, READ, cdb]) {
      expect(outcome(await fixture.run(command, { on: 's2', dataOut }))).toBe(sense);
    }
    expect(outcome(await fixture.run('12 00 00 00 ff 00', { on: 's2' }))).toBe('GOOD');
    await finish(fixture);
    expect(everyByteIs(0)).toBe(true);
    expect(outcome(await fixture.run(READ))).toBe('GOOD');
    expect(flagsOf(fixture.unit, 's2').notReady).toBe(false);
  });

  it('REQUEST SENSE tells how far it is', async () => {
    const medium = new ModelMedium(4096, 8192n);
    const large = diskWithTwoNexuses({ medium });
    const list = concat([0x01, 0, 0x10, 0], new Uint8Array(4096));
    await large.run('48 81 00 00 00 00 00 10 04 00', { dataOut: list });
    const progress = async () => hex((await large.run('03 00 00 00 ff 00')).data?.subarray(15, 18));
    expect(await progress()).toBe('800000');
    await advance(large.unit);
    expect(await progress()).toBe('804000');
  });

  it('goes on after the death of the engine and after a loss of power, from the beginning', async () => {
    await fixture.run(FORMAT_IMMEDIATE, { dataOut: IMMEDIATE });
    const afterDeath = disk64();
    restore(afterDeath.unit, snapshot(fixture.unit));
    const afterPowerLoss = disk64();
    applyDurableState(afterPowerLoss.unit, durableState(fixture.unit));
    for (const next of [afterDeath, afterPowerLoss]) {
      next.medium.content.fill(7);
      await finish(next);
      expect(next.medium.content.every((byte) => byte === 0)).toBe(true);
    }
  });
});

describe('a failure', () => {
  it('of SANITIZE keeps the medium away until another one succeeds or it is given up', async () => {
    fixture.medium.failure = new MediumError('write', 'gone');
    expect(outcome(await fixture.run(BLOCK_ERASE))).toBe('03/31/03');
    expect(outcome(await fixture.run(READ))).toBe('03/31/03');
    fixture.medium.failure = undefined;
    expect(outcome(await fixture.run(BLOCK_ERASE))).toBe('GOOD');
    expect(outcome(await fixture.run(READ))).toBe('GOOD');
    fixture.medium.failure = new MediumError('write', 'gone');
    await fixture.run(BLOCK_ERASE);
    fixture.medium.failure = undefined;
    expect(outcome(await fixture.run(EXIT_FAILURE))).toBe('GOOD');
    expect(outcome(await fixture.run(READ))).toBe('GOOD');
  });

  it('of FORMAT UNIT leaves the format corrupted until another one succeeds', async () => {
    fixture.medium.failure = new MediumError('write', 'gone');
    expect(outcome(await fixture.run(FORMAT))).toBe('03/31/01');
    fixture.medium.failure = undefined;
    expect(outcome(await fixture.run(READ))).toBe('03/31/00');
    expect(outcome(await fixture.run(FORMAT))).toBe('GOOD');
    expect(outcome(await fixture.run(READ))).toBe('GOOD');
  });
});

describe('what is refused, and erases nothing', () => {
  it.each([
    ['FMTPINFO', '04 80 00 00 00 00', '', '05/24/00'],
    ['a defect list', FORMAT_IMMEDIATE, '00000004', '05/26/00'],
    ['an initialization pattern', FORMAT_IMMEDIATE, '00080000', '05/26/00'],
    ['a list that is cut', FORMAT_IMMEDIATE, '0000', '05/1a/00'],
    ['a long list that is cut', '04 30 00 00 00 00', '00000000', '05/1a/00'],
    ['OVERWRITE without a list', overwrite('01', 0), '', '05/24/00'],
    ['OVERWRITE of no passes', overwrite('01', 5), '0000000100', '05/26/00'],
    ['OVERWRITE with a pattern of another length', overwrite('01', 5), '0100000200', '05/26/00'],
    ['BLOCK ERASE with a list', '48 02 00 00 00 00 00 00 04 00', '00000000', '05/24/00'],
    ['CRYPTOGRAPHIC ERASE', '48 03 00 00 00 00 00 00 00 00', '', '05/24/00'],
  ])('%s', async (_what, cdb, list, expected) => {
    expect(outcome(await fixture.run(cdb, { dataOut: bytes(list) }))).toBe(expected);
    expect(everyByteIs(7)).toBe(true);
    expect(fixture.unit.operation).toBeUndefined();
  });

  it('anything on a write-protected disk', async () => {
    const protectedDisk = diskWithTwoNexuses({ readOnly: true, thinProvisioned: true });
    expect(outcome(await protectedDisk.run(FORMAT))).toBe('07/27/00');
    expect(outcome(await protectedDisk.run(BLOCK_ERASE))).toBe('07/27/00');
  });
});

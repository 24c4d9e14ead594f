// MODE SENSE and MODE SELECT.
import fc from 'fast-check';
import {
  addNexus,
  applyDurableState,
  durableState,
  flagsOf,
  replaceMedium,
  resetLogicalUnit,
  writeCacheEnabled,
} from '../index.js';
import { bytes, diskWithTwoNexuses, hex, hugeMedium, nexus, outcome } from '../testing/disk-fixture.js';

const CODES = [0x01, 0x02, 0x03, 0x04, 0x08, 0x0a, 0x1a, 0x1c];
const select6 = (...pages: string[]) => bytes('00000000' + pages.join(''));
const select6Cdb = (list: Uint8Array) => `15 10 00 00 ${list.length.toString(16).padStart(2, '0')} 00`;
const CACHING = '0812 04 00000000 0000000000 80 14 000000000000'.replaceAll(' ', '');
const WRITE_THROUGH = CACHING.replace('081204', '081200');
/** With PS. */
const saveable = (page: string) => `8${page.slice(1)}`;
const CONTROL = '0a0a 20 10 00 00 00 00 00 00 00 00'.replaceAll(' ', '');

describe('MODE SENSE', () => {
  it('tells of one task set for all nexuses where the unit is made so', async () => {
    const { data } = await diskWithTwoNexuses({ taskSetPerNexus: false }).run('1a 08 0a 00 ff 00');
    expect(hex(data?.subarray(4, 7))).toBe('8a0a00');
  });

  it('returns every page in ascending order behind header and block descriptor', async () => {
    const { data } = await diskWithTwoNexuses().run('1a 00 3f 00 ff 00');
    expect(hex(data?.subarray(0, 12))).toBe('ab001008' + '00000040' + '00000200');
    const codes: number[] = [];
    for (let at = 12; at < data!.length; at += 2 + data![at + 1]!) codes.push(data![at]! & 0x7f);
    expect(codes).toEqual(CODES);
  });

  it('has current, changeable, default and saved values', async () => {
    const { run } = diskWithTwoNexuses();
    await run(select6Cdb(select6(WRITE_THROUGH)), { dataOut: select6(WRITE_THROUGH) });
    expect(hex((await run('1a 08 08 00 ff 00')).data)).toBe('17001000' + saveable(WRITE_THROUGH));
    expect(hex((await run('1a 08 48 00 ff 00')).data)).toBe('17001000' + saveable('081204') + '00'.repeat(17));
    expect(hex((await run('1a 08 88 00 ff 00')).data)).toBe('17001000' + saveable(CACHING));
    expect(hex((await run('1a 08 4a 00 ff 00')).data)).toBe('0f001000' + saveable('0a0a0400084000000000') + '0000');
    expect(hex((await run('1a 08 c8 00 ff 00')).data)).toBe('17001000' + saveable(CACHING));
  });

  it.each([
    ['a subpage alone', '1a 08 0a 01 ff 00', ['4a01']],
    ['a page with its subpages', '1a 08 0a ff ff 00', ['8a0a', '4a01']],
    ['all of both formats', '5a 08 3f ff 00 00 00 02 00 00', ['4a01']],
  ])('returns %s', async (_what, cdb, headers) => {
    const { data } = await diskWithTwoNexuses().run(cdb);
    for (const header of headers) expect(hex(data)).toContain(header);
  });

  it('has a long block descriptor for LLBAA', async () => {
    const fixture = diskWithTwoNexuses();
    replaceMedium(fixture.unit, hugeMedium(512, 0x1_0000_0000n));
    fixture.unit.nexuses.get('s1')?.attentions.splice(0);
    const { data } = await fixture.run('5a 10 1c 00 00 00 00 00 ff 00');
    expect(hex(data?.subarray(0, 24))).toBe('0022001001000010' + '0000000100000000' + '00000000' + '00000200');
    const { data: short } = await fixture.run('5a 00 1c 00 00 00 00 00 ff 00');
    expect(hex(short?.subarray(0, 16))).toBe('001a001000000008' + 'ffffffff' + '00000200');
  });

  it.each(['1a 00 06 00 ff 00', '1a 00 08 01 ff 00', '5a 00 3e 00 00 00 00 00 ff 00'])('refuses %s', async (cdb) => {
    expect(outcome(await diskWithTwoNexuses().run(cdb))).toBe('05/24/00');
  });

  it('disk-04: MODE SENSE obeys the allocation length', async () => {
    const { run } = diskWithTwoNexuses();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...CODES, 0x3f),
        fc.integer({ min: 0, max: 2 }),
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 0, max: 300 }),
        async (code, pageControl, dbd, ten, allocated) => {
          const page = (pageControl << 6) | code;
          const flags = dbd ? 0x08 : 0;
          const cdb = (length: number) =>
            ten
              ? Uint8Array.from([0x5a, flags, page, 0, 0, 0, 0, length >> 8, length & 0xff, 0])
              : Uint8Array.from([0x1a, flags, page, 0, length, 0]);
          const limit = ten ? allocated : Math.min(allocated, 255);
          const all = (await run(cdb(255))).data!;
          const { status, data } = await run(cdb(limit));
          expect(status).toBe(0);
          expect(hex(data)).toBe(hex(all.subarray(0, limit)));
          expect(all.length).toBe(ten ? (all[0]! << 8) + all[1]! + 2 : all[0]! + 1);
        },
      ),
    );
  });

  it('disk-10: WP is set on a read-only nexus, on a read-only unit and under SWP', async () => {
    const deviceSpecific = async (fixture: ReturnType<typeof diskWithTwoNexuses>, on = 's1') =>
      (await fixture.run('1a 08 0a 00 ff 00', { on })).data?.[2];
    const fixture = diskWithTwoNexuses();
    addNexus(fixture.unit, nexus('ro', { readOnly: true }));
    fixture.unit.nexuses.get('ro')?.attentions.splice(0);
    expect([await deviceSpecific(fixture), await deviceSpecific(fixture, 'ro')]).toEqual([0x10, 0x90]);
    expect(await deviceSpecific(diskWithTwoNexuses({ readOnly: true }))).toBe(0x90);
    const swp = select6(CONTROL.replace('0a0a2010' + '00', '0a0a2010' + '08'));
    await fixture.run(select6Cdb(swp), { dataOut: swp });
    expect(await deviceSpecific(fixture)).toBe(0x90);
  });
});

describe('MODE SELECT', () => {
  it('turns the write cache off and on, flushes before it is off, and tells the other nexuses', async () => {
    const { unit, medium, run } = diskWithTwoNexuses();
    const off = select6(WRITE_THROUGH);
    expect(outcome(await run(select6Cdb(off), { dataOut: off }))).toBe('GOOD');
    expect(writeCacheEnabled(unit)).toBe(false);
    expect(medium.calls).toEqual([{ call: 'flush' }]);
    expect(outcome(await run('00 00 00 00 00 00', { on: 's2' }))).toBe('06/2a/01');
    expect(outcome(await run('00 00 00 00 00 00'))).toBe('GOOD');
    const on = select6(CACHING);
    await run(select6Cdb(on), { dataOut: on });
    expect(writeCacheEnabled(unit)).toBe(true);
    expect(medium.calls).toHaveLength(1);
  });

  it('accepts the 10-byte form with a block descriptor that says what is so', async () => {
    const { unit, run } = diskWithTwoNexuses();
    const list = bytes('0000000000000008' + '0000004000000200' + WRITE_THROUGH);
    expect(outcome(await run('55 10 00 00 00 00 00 00 24 00', { dataOut: list }))).toBe('GOOD');
    expect(writeCacheEnabled(unit)).toBe(false);
    const long = bytes('0000000001000010' + '0000000000000000' + '0000000000000200' + CACHING);
    expect(outcome(await run('55 10 00 00 00 00 00 00 2c 00', { dataOut: long }))).toBe('GOOD');
    expect(writeCacheEnabled(unit)).toBe(true);
  });

  it('changes nothing and announces nothing for values that are current already', async () => {
    const { unit, run } = diskWithTwoNexuses();
    const before = unit.stateVersion;
    const list = select6(CACHING, CONTROL);
    expect(outcome(await run(select6Cdb(list), { dataOut: list }))).toBe('GOOD');
    expect(outcome(await run('15 10 00 00 00 00'))).toBe('GOOD');
    expect(unit.stateVersion).toBe(before);
  });

  it('gives sense in descriptor format once D_SENSE is set', async () => {
    const { run } = diskWithTwoNexuses();
    const list = select6(CONTROL.replace('0a0a20', '0a0a24'));
    await run(select6Cdb(list), { dataOut: list });
    const { sense } = await run('28 00 00 00 00 40 00 00 01 00');
    expect(hex(sense)).toBe('7205210000000000');
    expect(hex((await run('12 00 80 00 ff 00')).sense)).toBe('72052400000000' + '08' + '02060000c0000200');
  });

  it('refuses writes of every nexus under SWP', async () => {
    const { unit, run } = diskWithTwoNexuses();
    const list = select6(CONTROL.replace('0a0a201000', '0a0a201008'));
    await run(select6Cdb(list), { dataOut: list });
    expect(outcome(await run('2a 00 00 00 00 00 00 00 01 00', { dataOut: new Uint8Array(512) }))).toBe('07/27/02');
    expect(flagsOf(unit, 's2').readOnly).toBe(true);
  });

  it.each([
    ['a bit that cannot change', select6(CACHING.replace('081204', '081205')), '05/26/00', '880006'],
    ['ATO, which is not honoured', select6(CONTROL.replace('0a0a20100000', '0a0a20100080')), '05/26/00', '8f0009'],
    ['a bit of a subpage', select6('4a01001c' + '07' + '00'.repeat(27)), '05/26/00', '880008'],
    ['a subpage of wrong length', select6('4a01001b' + '00'.repeat(27)), '05/26/00', '800007'],
    ['an unknown page', select6('0602' + '0000'), '05/26/00', '8d0004'],
    ['a page of wrong length', select6('0810' + '00'.repeat(16)), '05/26/00', '800005'],
    ['another capacity', bytes('00000008' + '0000004100000200' + CACHING), '05/26/00', '800007'],
    ['another block length', bytes('00000008' + '0000004000001000' + CACHING), '05/26/00', '80000a'],
    ['a descriptor of odd length', bytes('00000004' + '00000040'), '05/26/00', '800003'],
    ['a page that is cut', select6(CACHING.slice(0, 20)), '05/1a/00', '000000'],
    ['a header that is cut', bytes('0000'), '05/1a/00', '000000'],
  ])('refuses %s and takes nothing of the list', async (_what, list, expected, senseKeySpecific) => {
    const { unit, run } = diskWithTwoNexuses();
    const before = unit.stateVersion;
    const result = await run(select6Cdb(list), { dataOut: list });
    expect(outcome(result)).toBe(expected);
    expect(hex(result.sense?.subarray(15, 18))).toBe(senseKeySpecific);
    expect(unit.stateVersion).toBe(before);
  });

  it('refuses a list of which one page is wrong as a whole', async () => {
    const { unit, run } = diskWithTwoNexuses();
    const list = select6(WRITE_THROUGH, '0602' + '0000');
    expect(outcome(await run(select6Cdb(list), { dataOut: list }))).toBe('05/26/00');
    expect(writeCacheEnabled(unit)).toBe(true);
  });

  it.each([
    ['PF=0', '15 00 00 00 04 00', '05/24/00'],
    ['less data than the list', '15 10 00 00 18 00', '05/1a/00'],
  ])('refuses %s', async (_what, cdb, expected) => {
    expect(outcome(await diskWithTwoNexuses().run(cdb, { dataOut: new Uint8Array(4) }))).toBe(expected);
  });

  it('saves with SP, and brings the saved values back after a reset and a start', async () => {
    const { unit, run } = diskWithTwoNexuses();
    const off = select6(WRITE_THROUGH);
    expect(outcome(await run(select6Cdb(off).replace('15 10', '15 11'), { dataOut: off }))).toBe('GOOD');
    const on = select6(CACHING);
    await run(select6Cdb(on), { dataOut: on });
    expect(hex((await run('1a 08 c8 00 ff 00')).data)).toBe('17001000' + saveable(WRITE_THROUGH));
    expect(writeCacheEnabled(unit)).toBe(true);
    resetLogicalUnit(unit, 's1');
    expect(writeCacheEnabled(unit)).toBe(false);
    const next = diskWithTwoNexuses();
    applyDurableState(next.unit, JSON.parse(JSON.stringify(durableState(unit))) as ReturnType<typeof durableState>);
    expect(writeCacheEnabled(next.unit)).toBe(false);
  });

  it('keeps WCE at 0 for a non-volatile cache', async () => {
    const { unit, run } = diskWithTwoNexuses({ nvCache: true });
    expect(writeCacheEnabled(unit)).toBe(false);
    const list = select6(CACHING);
    expect(outcome(await run(select6Cdb(list), { dataOut: list }))).toBe('05/26/00');
  });
});

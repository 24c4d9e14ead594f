// INQUIRY: standard data and vital product data.
import { addNexus, replaceIdentity } from '../index.js';
import { disk64, diskWithTwoNexuses, hex, IDENTITY, ModelMedium, nexus, outcome } from '../testing/disk-fixture.js';

const STANDARD = '12 00 00 00 ff 00';

describe('standard INQUIRY data', () => {
  it('has the layout of SCST, with the bits off that promise what is not served', async () => {
    const { data } = await diskWithTwoNexuses().run(STANDARD);
    expect(data).toHaveLength(66);
    expect(hex(data?.subarray(0, 8))).toBe('000006023d081002');
    expect(Buffer.from(data!.subarray(8, 36)).toString('latin1')).toBe('SCST_FIOvm_disk1        3110');
    expect(hex(data?.subarray(58))).toBe('008b0be0046304c0');
  });

  it('shows RMB of a removable unit', async () => {
    const { data } = await diskWithTwoNexuses({ removable: true }).run(STANDARD);
    expect(data?.[1]).toBe(0x80);
  });

  it('shows the transport versions of the nexus that asks', async () => {
    const fixture = disk64();
    addNexus(fixture.unit, nexus('fc', { scsiTransportVersion: 0x0a40, physTransportVersion: 0x0d3c }));
    const { data } = await fixture.run(STANDARD, { on: 'fc' });
    expect(hex(data?.subarray(58))).toBe('008b0d3c0a400463');
  });

  it('is cut to the allocation length, and its ADDITIONAL LENGTH is not', async () => {
    const { data } = await diskWithTwoNexuses().run('12 00 00 00 24 00');
    expect(data).toHaveLength(36);
    expect(data?.[4]).toBe(61);
  });

  it('cuts and pads texts and replaces what is not printable ASCII', async () => {
    const fixture = diskWithTwoNexuses({
      identity: { ...IDENTITY, vendor: 'Hi', product: 'a\u00e9\tb-0123456789ABCDEF' },
    });
    const { data } = await fixture.run(STANDARD);
    expect(Buffer.from(data!.subarray(8, 32)).toString('latin1')).toBe('Hi      a  b-0123456789A');
  });

  it('has the vendor-specific part in bytes 36 to 55, or from 96 on where it is longer', async () => {
    const short = await diskWithTwoNexuses({ identity: { ...IDENTITY, inquiryVendorSpecific: 'a'.repeat(20) } }).run(
      STANDARD,
    );
    expect([short.data?.length, short.data?.[4]]).toEqual([66, 61]);
    expect(Buffer.from(short.data!.subarray(36, 58)).toString('latin1')).toBe(`${'a'.repeat(20)}\0\0`);
    const long = await diskWithTwoNexuses({ identity: { ...IDENTITY, inquiryVendorSpecific: 'b'.repeat(21) } }).run(
      STANDARD,
    );
    expect([long.data?.length, long.data?.[4]]).toEqual([117, 112]);
    expect(hex(long.data?.subarray(36, 58))).toBe('00'.repeat(22));
    expect(hex(long.data?.subarray(58, 66))).toBe('008b0be0046304c0');
    expect(Buffer.from(long.data!.subarray(96)).toString('latin1')).toBe('b'.repeat(21));
  });

  it.each([
    ['a page code without EVPD', '12 00 80 00 ff 00'],
    ['CMDDT', '12 02 00 00 ff 00'],
    ['a page that is not there', '12 01 b2 00 ff 00'],
  ])('refuses %s', async (_what, cdb) => {
    expect(outcome(await diskWithTwoNexuses().run(cdb))).toBe('05/24/00');
  });

  it('points at the page code that is not there', async () => {
    const { sense } = await diskWithTwoNexuses().run('12 01 77 00 ff 00');
    expect(hex(sense?.subarray(15, 18))).toBe('c00002');
  });
});

describe('vital product data', () => {
  const page = async (code: string, options = {}) =>
    (await diskWithTwoNexuses(options).run(`12 01 ${code} 02 00 00`)).data!;

  it('lists its pages in ascending order, and each can be read', async () => {
    const list = await page('00');
    expect(hex(list)).toBe('00000007008083' + '868fb0b1');
    for (const code of list.subarray(4)) {
      const body = await page(code.toString(16).padStart(2, '0'));
      expect(body[1]).toBe(code);
      expect(body.length).toBe(4 + (body[2]! << 8) + body[3]!);
    }
  });

  it('tells serial number and designators in the order of SCST', async () => {
    expect(hex(await page('80'))).toBe('00800008' + Buffer.from('3c1b5f0a').toString('hex'));
    const t10 = Buffer.from('SCST_FIO3c1b5f0a-vm_disk1').toString('hex');
    expect(hex(await page('83'))).toBe(`00830031` + `02010019${t10}` + '0114000400000001' + '010300085a5b0001c0ffee11');
  });

  it('has EUI-64, a NAA of 16 bytes and the SCSI name string where they are set', async () => {
    const identity = {
      ...IDENTITY,
      vendorSpecificId: 'own',
      eui64: '0011223344556677',
      naa: '6a5b0001c0ffee110000000000000001',
      scsiName: 'iqn.a',
    };
    const name = '03280008' + Buffer.from('iqn.a\0\0\0').toString('hex');
    const t10 = '0201000b' + Buffer.from('SCST_FIOown').toString('hex');
    const rest = '0114000400000001' + '010200080011223344556677' + '010300106a5b0001c0ffee110000000000000001';
    expect(hex((await page('83', { identity })).subarray(4))).toBe(name + t10 + rest);
  });

  it('keeps a designator within its one byte of length', async () => {
    const identity = { ...IDENTITY, vendorSpecificId: 'v'.repeat(300), scsiName: 'n'.repeat(300) };
    const data = await page('83', { identity });
    expect(data[4 + 3]).toBe(252);
    expect(data[4 + 4 + 252 + 3]).toBe(8 + 128);
  });

  it('limits transfers, WRITE SAME and COMPARE AND WRITE in B0, and promises no UNMAP', async () => {
    const data = await page('b0');
    expect(hex(data)).toBe(
      '00b0003c' +
        '01ff' +
        '0008' +
        '00000800' +
        '00000400' +
        '00'.repeat(20) +
        '000000000000ffff' +
        '00000800' +
        '00'.repeat(16),
    );
    const medium = new ModelMedium(4096, 8n);
    expect(hex((await page('b0', { medium })).subarray(4, 16))).toBe('01ff' + '0001' + '00000100' + '00000080');
  });

  it('tells rotation in B1', async () => {
    expect(hex((await page('b1')).subarray(0, 8))).toBe('00b1003c3a980000');
    expect(hex((await page('b1', { rotational: false })).subarray(0, 8))).toBe('00b1003c00010000');
  });

  it('tells in 86 whether the cache is volatile', async () => {
    expect((await page('86'))[6]).toBe(0x01);
    expect((await page('86', { nvCache: true }))[6]).toBe(0x02);
  });
});

describe('identity', () => {
  const designators = async (
    options: { naa: string; serial: string; t10DeviceId: string; product?: string },
    on = 's1',
  ) => {
    const fixture = diskWithTwoNexuses({ identity: { ...IDENTITY, ...options } });
    const serial = hex((await fixture.run('12 01 80 02 00 00', { on })).data);
    const data = (await fixture.run('12 01 83 02 00 00', { on })).data!;
    const found: string[] = [serial];
    for (let at = 4; at < data.length; at += 4 + data[at + 3]!) {
      const association = (data[at + 1]! >> 4) & 3;
      if (association === 0) found.push(hex(data.subarray(at, at + 4 + data[at + 3]!)));
    }
    return found;
  };
  const first = { naa: '5a5b000100000001', serial: '0001', t10DeviceId: '0001-a' };
  const second = { naa: '5a5b000100000002', serial: '0002', t10DeviceId: '0002-a' };

  it('disk-12: two devices share no serial number and no designator of the logical unit', async () => {
    const others = await designators(second);
    for (const designator of await designators(first)) expect(others).not.toContain(designator);
  });

  it('disk-13: the same identity gives the same pages after re-creation', async () => {
    expect(await designators(first)).toEqual(await designators(first));
  });

  it('disk-14: both nexuses see one NAA designator, and the product is not part of it', async () => {
    const naa = '010300085a5b000100000001';
    expect(await designators(first, 's1')).toContain(naa);
    expect(await designators(first, 's2')).toContain(naa);
    expect(await designators({ ...first, product: 'other' })).toContain(naa);
  });

  it('announces a changed identity to every nexus', async () => {
    const fixture = diskWithTwoNexuses();
    replaceIdentity(fixture.unit, { ...IDENTITY, product: 'new' });
    for (const on of ['s1', 's2']) expect(outcome(await fixture.run('00 00 00 00 00 00', { on }))).toBe('06/3f/03');
    const { data } = await fixture.run(STANDARD);
    expect(Buffer.from(data!.subarray(16, 20)).toString()).toBe('new ');
  });
});

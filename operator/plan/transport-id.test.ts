// TransportIDs: the bytes of each readable form, and what is refused.
import fc from 'fast-check';
import { leadingTransportId } from '../../node-agent/scsi/spc/persistent-reservations/transport-id.js';
import { InvalidTransportId, parseTransportId } from './transport-id.js';

it.each([
  ['sas:5000C500a1b2c3d4', '06000000' + '5000c500a1b2c3d4' + '00'.repeat(12)],
  ['fc:21:00:00:24:ff:00:00:01', '00'.repeat(8) + '21000024ff000001' + '00'.repeat(8)],
  ['fc:21000024ff000001', '00'.repeat(8) + '21000024ff000001' + '00'.repeat(8)],
  ['srp:fe80000000000000' + '0002c90300a1b2c3', '04' + '00'.repeat(7) + 'fe80000000000000' + '0002c90300a1b2c3'],
  ['iscsi:iqn.a:b', '05000014' + Buffer.from('iqn.a:b').toString('hex') + '00'.repeat(13)],
  [
    'iscsi:iqn.2026-11.dev.scst:h,i,0x00023d000001',
    '45000028' + Buffer.from('iqn.2026-11.dev.scst:h,i,0x00023d000001').toString('hex') + '00',
  ],
  ['06' + '00'.repeat(23), '06' + '00'.repeat(23)],
])('%s', (text, expected) => {
  expect(parseTransportId(text)).toBe(expected);
});

it.each([
  ['sas:5000', /needs 16 hexadecimal digits/],
  ['fc:zz', /needs 16 hexadecimal digits/],
  ['usb:1', /is none of/],
  ['03' + '00'.repeat(23), /protocol identifier 3/],
  ['06' + '00'.repeat(27), /28 bytes, and should have 24/],
  ['05000018' + '61'.repeat(20), /24 bytes, and should have 28/],
])('refuses %s', (text, expected) => {
  expect(() => parseTransportId(text)).toThrow(InvalidTransportId);
  expect(() => parseTransportId(text)).toThrow(expected);
});

it('gives what the SCSI layer takes for a TransportID, whatever the name', () => {
  const name = fc.string({ unit: fc.constantFrom(...'abc.:-0123'), minLength: 1, maxLength: 223 });
  fc.assert(
    fc.property(name, fc.boolean(), (iqn, session) => {
      const hex = parseTransportId(`iscsi:${iqn}${session ? ',i,0x00023d000001' : ''}`);
      const data = Buffer.from(hex, 'hex');
      expect(leadingTransportId(data)?.length).toBe(data.length);
      expect(parseTransportId(hex)).toBe(hex);
    }),
  );
});

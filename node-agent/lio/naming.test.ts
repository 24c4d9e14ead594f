// Names of ours: found again, never mistaken for another program's, and never a chance collision of two owners.
import fc from 'fast-check';
import {
  backstoreName,
  deviceConfig,
  FILE_HBA,
  kernelBackstoreName,
  HBA,
  hbaOf,
  isOurs,
  nexusName,
  pairName,
  parseBackstoreName,
  parseKernelBackstoreName,
  sessionWwn,
} from './naming.js';

const uid = fc.uuid();

it('finds the owners of a backstore in its name, and a name of ours in every name that was made', () => {
  fc.assert(
    fc.property(uid, uid, (sessionUid, lunUid) => {
      const name = backstoreName(sessionUid, lunUid);
      expect(parseBackstoreName(name)).toEqual({ sessionUid, lunUid });
      expect(isOurs(name) && isOurs(sessionWwn(sessionUid))).toBe(true);
      // The kernel's limits: 255 bytes of a configfs name, and `control` splits at commas.
      expect(name.length + deviceConfig(lunUid).length).toBeLessThan(200);
      expect(name + deviceConfig(lunUid)).not.toMatch(/[,:\s]/);
    }),
  );
});

it('gives two sessions two WWNs', () => {
  fc.assert(fc.property(uid, uid, (a, b) => (a === b) === (sessionWwn(a) === sessionWwn(b))));
});

it.each([
  'disk0',
  'scst-1-2',
  'naa.6001405000000000',
  'naa.5001405000000000',
  'naa.35c58',
  'naa.35c5800000000001x',
  'scst-00000000-0000-4000-8000-00000000000',
  '../scst-00000000-0000-4000-8000-000000000001-00000000-0000-4000-8000-000000000002',
])('leaves the name %s to others', (name) => {
  expect(isOurs(name)).toBe(false);
  expect(parseBackstoreName(name)).toBeUndefined();
});

it('names the nexus by the SAS address of a SAS TransportID, and by one of ours for any other', () => {
  expect(nexusName(`06000000${'5000c50012345678'}${'0'.repeat(24)}`)).toBe('naa.5000c50012345678');
  expect(nexusName('00000000500143802426baf4' + '0'.repeat(24))).toMatch(/^naa\.35c58[0-9a-f]{11}$/);
  expect(() => nexusName('06zz')).toThrow('a TransportID is an even number of hexadecimal digits, not "06zz"');
});

it('leads back from the backstore of a file to its device, and to the plug-in that serves it', () => {
  fc.assert(
    fc.property(uid, uid, uid, (deviceUid, sessionUid, lunUid) => {
      const file = kernelBackstoreName(FILE_HBA, deviceUid);
      const ring = backstoreName(sessionUid, lunUid);
      expect(isOurs(file)).toBe(true);
      expect(parseKernelBackstoreName(file)).toBe(deviceUid.toLowerCase());
      expect(parseKernelBackstoreName(ring)).toBeUndefined();
      expect([hbaOf(file), hbaOf(ring)]).toEqual([FILE_HBA, HBA]);
      expect([pairName(ring, file), pairName('scst', ring)]).toEqual([ring, ring]);
    }),
  );
});

// Version descriptors by name: the CRD takes what the tables have and nothing else.
import { validateManifest } from '../../crds/validation/validate.js';
import { physicalTransport, scsiTransport, TRANSPORT_NAMES } from './version-descriptors.js';

const target = (spec: object) =>
  validateManifest({
    apiVersion: 'scst.dev/v1alpha1',
    kind: 'ScstTarget',
    metadata: { name: 't' },
    spec: { nodeName: 'n1', ...spec },
  });

it.each(TRANSPORT_NAMES.scsi)('the SCSI transport %s', (name) => {
  expect(target({ scsiTransportVersion: name })).toMatchObject({ valid: true });
  expect(scsiTransport(name)).toBeGreaterThan(0);
});

it.each(TRANSPORT_NAMES.physical)('the physical transport %s', (name) => {
  expect(target({ physTransportVersion: name })).toMatchObject({ valid: true });
  expect(physicalTransport(name)).toBeGreaterThanOrEqual(0);
});

it('numbers, and what SCST shows where nothing is asked for', () => {
  expect(target({ scsiTransportVersion: 0x1234, physTransportVersion: 0 })).toMatchObject({ valid: true });
  expect([scsiTransport(0x1234), physicalTransport(7)]).toEqual([0x1234, 7]);
  expect([scsiTransport(), physicalTransport()]).toEqual([0x0be0, 0]);
});

it.each(['FCP-9', 'sas', '3040', 'none'])('refuses %s as a SCSI transport', (name) => {
  expect(target({ scsiTransportVersion: name })).toMatchObject({ valid: false });
});

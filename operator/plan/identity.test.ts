// Identities: stable for the same names, different for everything else, and valid on the wire.
import { device, SETUP_ID } from '../../test/model/objects.js';
import { deviceIdentity, sessionTransportId } from './identity.js';

test('disk-12: no two of 10,000 devices share a designator, nor the same names on two nodes or in two clusters', () => {
  const seen = new Set<string>();
  let made = 0;
  for (let number = 0; number < 2500; number += 1) {
    for (const [setupId, node] of [
      [SETUP_ID, 'n1'],
      [SETUP_ID, 'n2'],
      ['another', 'n1'],
      ['another', 'n2'],
    ] as const) {
      const { naa, serial, t10DeviceId } = deviceIdentity(
        device(`very-long-prefix-of-a-name-${number}`),
        setupId,
        node,
      );
      seen.add(naa).add(serial).add(t10DeviceId);
      made += 3;
    }
  }
  expect(seen.size).toBe(made);
});

test('disk-13: a device created anew has the identity that it had', () => {
  const first = deviceIdentity(device('disk', {}, { uid: 'one', created: 1 }), SETUP_ID, 'n1');
  const second = deviceIdentity(device('disk', {}, { uid: 'two', created: 9, generation: 7 }), SETUP_ID, 'n1');
  expect(second).toEqual(first);
});

test('it is the scstName that counts, not the name of the object', () => {
  const named = deviceIdentity(device('vm-disk1', { scstName: 'vm_disk1' }), SETUP_ID, 'n1');
  expect(deviceIdentity(device('other', { scstName: 'vm_disk1' }), SETUP_ID, 'n1')).toEqual(named);
  expect(named.product).toBe('vm_disk1');
});

test('a shared device is the same on every node', () => {
  const shared = device('disk', { sharing: 'Shared' });
  expect(deviceIdentity(shared, SETUP_ID, 'n1')).toEqual(deviceIdentity(shared, SETUP_ID, 'n2'));
});

test('every string fits its field and is a kind of NAA that the standard has', () => {
  const identity = deviceIdentity(device(`a${'-very'.repeat(40)}`), SETUP_ID, 'n1');
  expect(identity.vendor).toBe('SCST_FIO');
  expect(identity.product.length).toBe(16);
  expect(identity.revision).toMatch(/^.{4}$/);
  expect(identity.serial).toMatch(/^[0-9a-f]{16}$/);
  expect(identity.t10DeviceId).toMatch(/^[0-9a-f]{8}-a-very.{0,16}$/);
  expect(identity.t10DeviceId.length).toBeLessThanOrEqual(25);
  expect(identity.naa).toMatch(/^35c57[0-9a-f]{11}$/);
});

test('what the object says goes before what is made', () => {
  const identity = {
    vendor: 'ACME',
    product: 'DISK',
    revision: '1',
    serial: 'S',
    t10DeviceId: 'T',
    naa: '5000AAAABBBBCCCC',
    eui64: 'AABBCCDDEEFF0011',
  };
  expect(deviceIdentity(device('disk', { identity }), SETUP_ID, 'n1')).toEqual({
    ...identity,
    vendorSpecificId: 'T',
    naa: '5000aaaabbbbcccc',
    eui64: 'aabbccddeeff0011',
  });
});

test('a TransportID is a SAS one of 24 bytes, one for each session of each target on each node', () => {
  const id = sessionTransportId(SETUP_ID, 'tgt', 'host', 'n1');
  expect(id).toMatch(/^0600000035c58[0-9a-f]{11}0{24}$/);
  expect(sessionTransportId(SETUP_ID, 'tgt', 'host', 'n1')).toBe(id);
  const others = [
    sessionTransportId(SETUP_ID, 'tgt', 'host', 'n2'),
    sessionTransportId(SETUP_ID, 'tgt', 'other', 'n1'),
    sessionTransportId(SETUP_ID, 'tgt2', 'host', 'n1'),
    sessionTransportId('else', 'tgt', 'host', 'n1'),
  ];
  expect(new Set([id, ...others]).size).toBe(5);
});

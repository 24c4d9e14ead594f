// Devices that LIO serves (engine: kernel): what is compiled for them, and what of objects is refused because LIO can't do it.
import type { DeviceIdentity, ScstDevice, UserObject, VdiskFileio } from '../../crds/types.js';
import { device, lun, node, quickstart, SETUP_ID, target } from '../../test/model/objects.js';
import { deviceRefusal } from './device.js';
import { buildIndex } from './object-index.js';
import { planNode, type KeptEntries, type NodePlan } from './plan-node.js';

const [disk] = quickstart();
const others = quickstart().slice(1);

function ofKernel(fileio: Partial<VdiskFileio> = {}, identity: DeviceIdentity = {}): ScstDevice {
  const { vdiskFileio } = device('disk').spec;
  return device('disk', { engine: 'kernel', identity, vdiskFileio: { filename: '/a', ...vdiskFileio, ...fileio } });
}

function plan(objects: UserObject[], kept?: KeptEntries): NodePlan {
  const options = { setupId: SETUP_ID, ...(kept !== undefined && { kept }) };
  return planNode(buildIndex(objects, [node('n1', { zone: 'a' })]), 'n1', options);
}

const byUid = <T extends { uid: string }>(entries: readonly T[]) => new Map(entries.map((entry) => [entry.uid, entry]));

test('the entry says who serves it, and the NAA designator that LIO makes of the serial number', () => {
  const [own] = plan([disk, ...others].filter((object) => object !== undefined)).spec.devices;
  const [entry] = plan([ofKernel(), ...others]).spec.devices;
  expect(entry).toEqual({
    ...own,
    engine: 'kernel',
    identity: { ...own?.identity, naa: `6001405${own?.identity.serial}000000000` },
  });
});

test.each<[Partial<VdiskFileio>, RegExp]>([
  [{ readOnly: true }, /readOnly/],
  [{ nvCache: true }, /nvCache/],
  [{ removable: true }, /removable/],
  [{ active: false }, /active: false/],
  [{ directIO: true }, /directIO/],
  [{ taskSetPerNexus: false }, /taskSetPerNexus/],
  [{ physicalBlockSize: 4096 }, /physicalBlockSize/],
  [{ filename: `/var/lib/scst/${'a'.repeat(500)}` }, /filename/],
])('of the medium %j is refused', (fileio, said) => {
  expect(deviceRefusal(ofKernel(fileio))).toMatchObject({
    reason: 'AttributeNotSupported',
    message: expect.stringMatching(said) as string,
  });
});

test.each<[DeviceIdentity, RegExp]>([
  [{ naa: '35c5700000000001' }, /identity.naa/],
  [{ eui64: '0123456789abcdef' }, /identity.eui64/],
  [{ t10DeviceId: 'x' }, /identity.t10DeviceId/],
  [{ serial: 'SN-1' }, /16 hexadecimal digits/],
  [{ serial: '0123456789ABCDEF' }, /16 hexadecimal digits/],
])('of the identity %j is refused', (identity, said) => {
  expect(deviceRefusal(ofKernel({}, identity))?.message).toMatch(said);
});

test('what LIO can do is accepted', () => {
  const fileio = { blocksize: 4096, physicalBlockSize: 4096, writeThrough: true, rotational: false } as const;
  const identity = { vendor: 'ACME', product: 'disk', revision: '1', serial: '0123456789abcdef' };
  expect(
    deviceRefusal(ofKernel({ ...fileio, thinProvisioned: true, optimalTransferLength: 65_536 }, identity)),
  ).toBeUndefined();
});

describe('a LUN that asks for what LIO can’t do', () => {
  const readOnly = lun('disk', { target: 'tgt', lun: 0, device: 'disk', readOnly: true });
  const withId = target('tgt', { nodeName: 'n1', relTgtId: 7 });
  const refusal = (objects: UserObject[], kept?: KeptEntries) => {
    const { spec, findings, refused } = plan(objects, kept);
    return { luns: spec.luns, refused, findings: findings.map(({ reason, message }) => `${reason}: ${message}`) };
  };
  const replaced = (...objects: UserObject[]) => [
    ofKernel(),
    ...others.map((one) => objects.find(({ kind }) => kind === one.kind) ?? one),
  ];

  test('is refused with what it is', () => {
    expect(refusal(replaced(readOnly))).toEqual({
      luns: [],
      refused: ['lun-disk'],
      findings: [
        expect.stringMatching(/^AttributeNotSupported: engine: kernel of ScstDevice disk can't honour readOnly/),
      ],
    });
    expect(refusal(replaced(withId)).findings).toEqual([expect.stringContaining('relTgtId of its target')]);
  });

  test('keeps the entry that it had when that is an edit: a typing error takes no disk away', () => {
    const before = plan(replaced());
    const kept = { devices: new Map(), sessions: new Map(), luns: byUid(before.spec.luns) };
    expect(refusal(replaced(readOnly), kept)).toMatchObject({ luns: before.spec.luns, refused: ['lun-disk'] });
  });

  test('keeps none that another engine served read-only', () => {
    const before = plan([device('disk'), ...replaced(readOnly).slice(1)]);
    expect(before.spec.luns).toMatchObject([{ readOnly: true }]);
    expect(
      refusal(replaced(readOnly), { devices: new Map(), sessions: new Map(), luns: byUid(before.spec.luns) }).luns,
    ).toEqual([]);
  });
});

// Import and export of scst.conf: what users' files become, what is said of the rest, and that an export is imported as it was.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScstDevice, ScstLun, ScstTarget, UserObject } from '../../crds/types.js';
import { validateManifest } from '../../crds/validation/validate.js';
import { buildIndex } from '../../operator/plan/object-index.js';
import { exportNode } from './export.js';
import { importScstConf, type Imported } from './import.js';
import { scstIdentity } from './scst-identity.js';

const SAMPLES = join(__dirname, '../../test/fixtures/scst-conf');
const sample = (name: string) => readFileSync(join(SAMPLES, `${name}.conf`), 'utf8');
const load = (text: string) => importScstConf(text, { nodeName: 'n1' });
const said = ({ problems }: Imported) =>
  problems.map(({ severity, line, message }) => `${severity} ${line} ${message}`);
const errors = ({ problems }: Imported) => problems.filter(({ severity }) => severity === 'error');
const named = ({ objects }: Imported) => objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
const ofKind = <T extends UserObject>({ objects }: Imported, kind: T['kind']) =>
  objects.filter((each): each is T => each.kind === kind);
const luns = (imported: Imported) =>
  ofKind<ScstLun>(imported, 'ScstLun').map(({ spec: { group = '', lun, device, readOnly = false } }) =>
    [group, lun, device, ...(readOnly ? ['ro'] : [])].join(' '),
  );

const LOCAL = (body: string) =>
  `HANDLER vdisk_fileio {\n DEVICE d {\n filename /var/lib/scst/d.img\n }\n}\nTARGET_DRIVER scst_local {\n TARGET t {\n session_name s\n${body}\n }\n}\n`;

it('makes devices, targets, sessions and LUNs of the full tour, and names what it leaves', () => {
  const imported = load(sample('full-tour'));
  expect(errors(imported)).toEqual([]);
  expect(named(imported)).toEqual([
    'ScstDevice/3-0-0-0',
    'ScstDevice/4-0-1-0',
    'ScstDevice/alpha',
    'ScstDevice/bravo',
    'ScstDevice/charlie',
    'ScstDevice/hole',
    'ScstDevice/disc',
    'ScstTarget/lab-tgt',
    'ScstSession/lab-host-a',
    'ScstSession/lab-host-b',
    'ScstLun/lab-tgt-lun0',
    'ScstLun/lab-tgt-lun1',
    'ScstLun/lab-tgt-lun2',
  ]);
  expect(luns(imported)).toEqual([' 0 alpha', ' 1 bravo', ' 2 disc']);
  for (const driver of ['iscsi', 'qla2x00t', 'ib_srpt'])
    expect(said(imported)).toContainEqual(expect.stringContaining(`TARGET_DRIVER ${driver} isn't carried over`));
});

it('conf-01: reads an escaped hash in an initiator’s name, and writes it again', () => {
  const text = LOCAL(
    ' GROUP g {\n LUN 0 d\n INITIATOR *\\#192.0.2.10\n INITIATOR iqn.2001-04.com.example:host1\\#2001:db8::5\n }',
  );
  const imported = load(text);
  const [target] = ofKind<ScstTarget>(imported, 'ScstTarget');
  expect(target?.spec.groups).toEqual([
    { name: 'g', sessions: ['*#192.0.2.10', 'iqn.2001-04.com.example:host1#2001:db8::5'] },
  ]);
  expect(written(imported)).toContain('\t\t\tINITIATOR *\\#192.0.2.10\n');
});

it('conf-02: refuses a slash in a device’s name with its place and a name that would do', () => {
  const text = 'HANDLER vdisk_fileio {\n DEVICE tank/vm-1 {\n filename /x\n }\n DEVICE /dev/y {\n filename /y\n }\n}\n';
  expect(said(load(text))).toEqual([
    'error 2 scstadmin refuses a / in the name of a device; call it tank-vm-1',
    'warning 5 scstadmin takes /dev/y for the device y; so does the import',
  ]);
});

it('conf-03: keeps groups without initiators and without LUNs apart from the default set', () => {
  const imported = load(LOCAL(' LUN 0 d\n GROUP nobody {\n LUN 1 d\n }\n GROUP nothing {\n INITIATOR s\n }'));
  expect(ofKind<ScstTarget>(imported, 'ScstTarget')[0]?.spec.groups).toEqual([
    { name: 'nobody' },
    { name: 'nothing', sessions: ['s'] },
  ]);
  expect(luns(imported)).toEqual([' 0 d', 'nobody 1 d']);
});

it('conf-05, conf-06: lists a driver that it can’t carry, and keeps a device at several LUNs and a group of settings', () => {
  const imported = load(sample('regression-local'));
  expect(errors(imported)).toEqual([]);
  expect(said(imported)).toEqual([
    "warning 10 TARGET_DRIVER ib_srpt isn't carried over, with TARGET port_that_is_not_there: only scst_local is",
    "warning 39 addr_method isn't carried over: it has no meaning here",
    "warning 44 DEVICE_GROUP isn't carried over: there are no asymmetric paths on one machine",
  ]);
  expect(luns(imported)).toEqual([
    ' 0 base01',
    ' 1 base01',
    'callers 0 base01',
    'callers 1 base01 ro',
    'callers 2 base01',
  ]);
  expect(ofKind<ScstTarget>(imported, 'ScstTarget')[0]?.spec.groups?.[1]).toEqual({ name: 'only_settings' });
});

it('conf-07: gives a device the identity that SCST made of its name and setup_id', () => {
  const identity = (text: string) => ofKind<ScstDevice>(load(text), 'ScstDevice')[0]?.spec.identity;
  // crc32c of "d" and a zero byte, as the kernel counts it.
  const [serial = ''] = scstIdentity('d', 0).t10DeviceId.split('-');
  expect(identity(LOCAL(''))).toEqual({
    serial,
    t10DeviceId: `${serial}-d`,
    eui64: Buffer.from(`${serial}-d`).subarray(0, 8).toString('hex'),
  });
  expect(identity(`setup_id 0x1234\n${LOCAL('')}`)).toMatchObject({ serial: `1234${serial.padStart(8, '0')}` });
  const named = LOCAL('').replace('filename', 'naa_id 0x5123456789abcdef\n usn 42\n filename');
  expect(identity(named)).toEqual({ serial: '42', naa: '5123456789abcdef', t10DeviceId: `${serial}-d` });
});

it('conf-08: is silent about defaults in a dump of all attributes, and names one other value with its line', () => {
  const text = sample('nonkey-dump');
  expect(said(load(text))).toEqual([]);
  expect(said(load(text.replace(/(session_name[^]*?)black_hole 0/, '$1black_hole 1')))).toEqual([
    "warning 55 black_hole isn't carried over: it has no meaning here",
  ]);
});

it.each<[string, string]>([
  ['missing-open-brace', 'error 2 a { is missing behind HANDLER vdisk_fileio: line 6 has a } without it'],
  ['missing-close-brace', 'error 9 the block TARGET open_end isn’t closed: a } is missing before line 13'],
  ['one-line-targets', 'error 11 a { has to end its line: scstadmin loses what follows it there'],
  [
    'old-format',
    'error 1 this is the format of SCST 1.x (procfs), which can’t be imported: have a newer scstadmin write it anew',
  ],
])('conf-09, conf-11, conf-13: says where %s is broken, and makes nothing', (name, expected) => {
  const imported = load(sample(name));
  expect(said(imported)[0]).toBe(expected);
  expect(imported.objects).toEqual([]);
});

it.each([
  ['LUN x d', 'error 9 a LUN is a number from 0 to 16383, not "x"'],
  ['LUN 16384 d', 'error 9 a LUN is a number from 0 to 16383, not "16384"'],
  ['LUN 0 nowhere', 'warning 9 scstadmin drops LUN 0, because no HANDLER has the device nowhere; so does the import'],
  ['rel_tgt_id 70000', 'error 9 rel_tgt_id has to be a number up to 0xffff, not "70000"'],
  ['LUN 0 d {\n read_only yes\n }', 'error 10 read_only has to be 0 or 1, not "yes"'],
  [
    'GROUP a {\n INITIATOR x\n }\n GROUP b {\n INITIATOR x\n }',
    'error 13 the initiator x is in the groups a and b, which scstadmin refuses, too',
  ],
])('conf-09: says what is wrong with %j', (body, expected) => {
  expect(said(load(LOCAL(body)))).toEqual([expected]);
});

it('conf-10: doesn’t pass over a misspelt attribute, an odd device and a name with blanks', () => {
  expect(said(load(sample('quoted-names'))).filter((each) => each.startsWith('error'))).toEqual([
    'error 6 there is no attribute readonly; did you mean read_only?',
    'error 15 a device that is passed through is named host:channel:target:lun, not sdq',
    `error 28 a target can't be called "name with blanks" here: letters, digits and _ . : @ + - only`,
  ]);
});

it('conf-12: takes a brace right behind a name', () => {
  const imported = load(sample('tight-brace'));
  expect(said(imported)).toEqual([]);
  expect(ofKind<ScstTarget>(imported, 'ScstTarget')[0]).toMatchObject({
    metadata: { name: 'tight-tgt' },
    spec: { scstName: 'tight:tgt', nodeName: 'n1' },
  });
});

it.each([
  ['empty-user', 'IncomingUser'],
  ['appliance-ha', 'TARGET_DRIVER iscsi'],
  ['full-tour', 'IncomingUser'],
])('conf-14: tells no secret of %s', (name, told) => {
  const imported = load(sample(name));
  const everything = JSON.stringify([said(imported), imported.objects]);
  expect(everything).toContain(told);
  expect(everything).not.toMatch(/secret|long-word|real-word|tester|user-a/);
});

it('conf-15: keeps three passed-through devices and their LUN numbers', () => {
  const imported = load(sample('tape-library'));
  expect(errors(imported)).toEqual([]);
  expect(luns(imported)).toEqual([' 1 9-0-0-0', ' 2 9-0-1-0', ' 3 9-0-2-0']);
});

it('says what scstadmin forgets of two blocks of one name', () => {
  const twice = LOCAL('').replace(/^HANDLER[^]*?^}\n/m, '$&$&');
  expect(said(load(twice))).toEqual([
    'warning 1 scstadmin forgets this HANDLER vdisk_fileio, because line 6 has it again; so does the import',
  ]);
});

function written({ objects }: Imported): string {
  const stored = objects.map((object, at) => ({ ...object, metadata: { ...object.metadata, uid: `u${at}` } }));
  return exportNode(buildIndex(stored as UserObject[], [{ name: 'n1', uid: 'n1', labels: {} }]), 'n1', 'setup');
}

it.each([
  'escapes',
  'mixed-indent',
  'local-and-fc',
  'regression-local',
  'tight-brace',
  'nonkey-dump',
  'alua-two-groups',
])('cli-03: exports %s so that importing it again gives the same objects and the same file', (name) => {
  const first = load(sample(name));
  for (const object of first.objects) expect(validateManifest(object)).toMatchObject({ valid: true });
  const text = written(first);
  const again = load(text);
  expect(errors(again)).toEqual([]);
  expect(written(again)).toBe(text);
  expect(luns(again).filter((each) => luns(first).includes(each))).toEqual(luns(again));
});

it('keeps in an export what scst.conf has no word for', () => {
  const imported = load(LOCAL(' LUN 0 d\n #: transport_id s 0600000035c5800000000001000000000000000000000000'));
  const device = ofKind<ScstDevice>(imported, 'ScstDevice')[0];
  Object.assign(device?.spec ?? {}, { engine: 'kernel', reclaimPolicy: 'Delete', identity: {} });
  Object.assign(device?.spec.vdiskFileio ?? {}, { size: '1Gi', filename: '/var/lib/scst/with blank' });
  const again = load(written(imported));
  expect(said(again)).toEqual([]);
  expect(ofKind<ScstDevice>(again, 'ScstDevice')[0]?.spec).toMatchObject({
    engine: 'kernel',
    reclaimPolicy: 'Delete',
    vdiskFileio: { size: 2 ** 30, filename: '/var/lib/scst/with blank' },
  });
  expect(again.objects.find(({ kind }) => kind === 'ScstSession')?.spec).toMatchObject({
    transportId: '0600000035c5800000000001000000000000000000000000',
  });
});

// Manifests are judged as the API server judges them: each invalid one is refused by the field that is wrong.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { validateManifest } from './validate.js';

const root = join(__dirname, '..', '..');
const invalid = join(root, 'test', 'fixtures', 'invalid');

describe('invalid manifests', () => {
  const cases = readdirSync(invalid).map((file): [string, string, unknown] => {
    const text = readFileSync(join(invalid, file), 'utf8');
    return [file, /^# field: (.+)$/m.exec(text)?.[1] ?? '', parse(text)];
  });

  test.each(cases)('%s is refused, naming %s', (_file, field, manifest) => {
    const result = validateManifest(manifest);
    expect(result.valid ? [] : result.errors.map((error) => error.field)).toEqual([field]);
  });
});

describe('valid manifests', () => {
  const documents = ['quickstart.yaml', 'two-sessions.yaml'].flatMap((file) =>
    parseAllDocuments(readFileSync(join(root, 'examples', file), 'utf8')).map((document): [string, unknown] => [
      file,
      document.toJS(),
    ]),
  );

  test.each(documents)('an object of examples/%s is valid', (_file, manifest) => {
    expect(validateManifest(manifest)).toMatchObject({ valid: true });
  });

  test('defaults are filled in and the manifest stays as it was', () => {
    const manifest = device({ filename: '/var/lib/scst/a.img', size: '1Gi' });
    const result = validateManifest(manifest);
    expect(result).toMatchObject({
      valid: true,
      object: {
        spec: {
          sharing: 'PerNode',
          reclaimPolicy: 'Retain',
          vdiskFileio: { blocksize: 512, rotational: true, readOnly: false, writeThrough: false },
        },
      },
    });
    expect(manifest).toEqual(device({ filename: '/var/lib/scst/a.img', size: '1Gi' }));
  });

  test.each([1536, '1536', '1.5Ki', '2k', '1Gi', '3M'])('size %s with blocks of 512 is judged by its bytes', (size) => {
    const bytes: Record<string, number> = { '1536': 1536, '1.5Ki': 1536, '2k': 2000, '1Gi': 2 ** 30, '3M': 3_000_000 };
    const result = validateManifest(device({ filename: '/var/lib/scst/a.img', size }));
    expect(result.valid).toBe((bytes[String(size)] ?? 0) % 512 === 0);
  });

  test('a field that is null is a field that is absent', () => {
    expect(validateManifest(device({ filename: '/var/lib/scst/a.img', size: null, blocksize: null }))).toMatchObject({
      valid: true,
      object: { spec: { vdiskFileio: { blocksize: 512 } } },
    });
  });
});

describe('what is immutable', () => {
  const before = { scstName: 'disk', vdiskFileio: { filename: '/var/lib/scst/a.img' } };

  test('the same spec again is fine, and so is another filename', () => {
    expect(validateManifest(manifestOf('ScstDevice', before), before).valid).toBe(true);
    const moved = { ...before, vdiskFileio: { filename: '/var/lib/scst/b.img' } };
    expect(validateManifest(manifestOf('ScstDevice', moved), before).valid).toBe(true);
  });

  test.each([
    ['another scstName', { ...before, scstName: 'other' }, 'spec.scstName'],
    ['no scstName any more', { vdiskFileio: before.vdiskFileio }, 'spec.scstName'],
    ['another handler', { scstName: 'disk', vcdrom: {} }, 'spec'],
  ])('%s is refused', (_what, spec, field) => {
    const result = validateManifest(manifestOf('ScstDevice', spec), before);
    expect(result.valid ? [] : result.errors.map((error) => error.field)).toEqual([field]);
  });

  test('a LUN keeps target and number', () => {
    const lun = { target: 'a', lun: 0, device: 'b' };
    const result = validateManifest(manifestOf('ScstLun', { target: 'x', lun: 1, device: 'y' }), lun);
    expect(result.valid ? [] : result.errors.map(({ field }) => field)).toEqual(['spec.target', 'spec.lun']);
  });

  test('the epoch of a ScstNode may not go down', () => {
    const spec = {
      nodeUID: 'n',
      epoch: 4,
      setupId: 's',
      devices: [],
      targets: [],
      sessions: [],
      luns: [],
      tombstones: [],
    };
    expect(validateManifest(manifestOf('ScstNode', { ...spec, epoch: 5 }), spec).valid).toBe(true);
    const result = validateManifest(manifestOf('ScstNode', { ...spec, epoch: 3 }), spec);
    expect(result.valid ? [] : result.errors.map(({ field }) => field)).toEqual(['spec.epoch']);
  });
});

describe('what is no manifest of ours', () => {
  test.each([
    [null, ''],
    [[], ''],
    ['text', ''],
    [{}, 'apiVersion'],
    [{ apiVersion: 'scst.dev/v1', kind: 'ScstLun' }, 'apiVersion'],
    [{ apiVersion: 'scst.dev/v1alpha1', kind: 'toString' }, 'kind'],
    [{ apiVersion: 'scst.dev/v1alpha1', kind: 'ScstLun', spec: { target: 'a', lun: 0, device: 'b' } }, 'metadata'],
    [{ apiVersion: 'scst.dev/v1alpha1', kind: 'ScstLun', metadata: { name: 'a' } }, 'spec'],
  ])('%j is refused, naming the field %j', (manifest, field) => {
    const result = validateManifest(manifest);
    expect(result.valid ? [] : result.errors.map((error) => error.field)).toEqual([field]);
  });
});

function manifestOf(kind: string, spec: object): object {
  return { apiVersion: 'scst.dev/v1alpha1', kind, metadata: { name: 'a' }, spec };
}

function device(vdiskFileio: object): object {
  return manifestOf('ScstDevice', { vdiskFileio });
}

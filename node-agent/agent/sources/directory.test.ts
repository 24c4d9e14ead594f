// The wish of a lone node: what a directory of manifests says, what it doesn't say, and what it said before.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { eventually } from '../../../test/env/stack/eventually.js';
import { disk, object } from '../../../test/kernel/support/manifests.js';
import { DirectorySource } from './directory.js';

let root: string;
let directory: string;
let sources: DirectorySource[];
let changes: number;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'scst-directory-'));
  directory = join(root, 'manifests');
  mkdirSync(directory);
  sources = [];
  changes = 0;
});
afterEach(async () => {
  await Promise.all(sources.map((source) => source.stop()));
  rmSync(root, { recursive: true, force: true });
});

/** As a newly started agent on the same node. */
function start(defaultTarget = false): DirectorySource {
  const source = new DirectorySource({
    directory,
    nodeName: 'lone',
    defaultTarget,
    setupId: '00000000-0000-4000-8000-000000000001',
    stateDir: root,
    runDir: root,
    onChange: () => (changes += 1),
    log: pino({ level: 'silent' }),
  });
  sources.push(source);
  return source;
}
const write = (file: string, content: string) => writeFileSync(join(directory, file), content);

async function wished(source: DirectorySource) {
  const state = await source.state(undefined);
  if (state.kind !== 'state') throw new Error(state.message);
  return state;
}

/** What the source says of broken manifests, in the file that people and tools read. */
async function problems(source: DirectorySource): Promise<{ file: string; line?: number; field?: string }[]> {
  source.report({});
  await source.stop();
  const { manifests } = JSON.parse(readFileSync(join(root, 'status.json'), 'utf8')) as {
    manifests: { problems: { file: string; line?: number; field?: string; message: string }[] };
  };
  return manifests.problems;
}

it('compiles the manifests as the controller would, with the same uids after a restart', async () => {
  write('a.yaml', disk('a'));
  write('b.yml', disk('b'));
  write('.hidden.yaml', disk('hidden'));
  write('notes.txt', 'not a manifest');
  const first = await wished(start());
  expect(first.complete).toBe(true);
  expect(first.spec.devices.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(first.spec.luns).toHaveLength(2);
  expect(first.spec.devices[0]?.vdiskFileio).toMatchObject({ filename: '/var/lib/scst/a.img', size: 64 * 1024 ** 2 });
  expect((await wished(start())).spec).toEqual(first.spec);
});

it('has SCST’s default target and session where that was asked for, unless a manifest has others of their names', async () => {
  write('a.yaml', disk('a'));
  expect((await wished(start())).spec.sessions.map(({ name }) => name)).toEqual(['a']);
  const { spec } = await wished(start(true));
  expect(spec.targets.map(({ scstName }) => scstName)).toEqual(['a', 'scst_local_tgt']);
  expect(spec.sessions.map(({ scstName }) => scstName)).toEqual(['a', 'scst_local_host']);
  write('own.yaml', object('ScstTarget', 'scst-local-tgt', '{scstName: scst_local_tgt, nodeName: lone, relTgtId: 9}'));
  expect((await wished(start(true))).spec.targets.map(({ relTgtId }) => relTgtId)).toContain(9);
});

it('says which line of which file is broken, and that the rest is not the whole wish', async () => {
  write('good.yaml', disk('good'));
  write('syntax.yaml', `${disk('bad')}\nspec: [`);
  write('schema.yaml', disk('wrong').replace('size":"64Mi"', 'size":"64Mx"'));
  const source = start();
  const state = await wished(source);
  expect(state.complete).toBe(false);
  expect(state.spec.devices.map(({ name }) => name)).toEqual(['good']);
  expect(await problems(source)).toMatchObject([
    { file: join(directory, 'syntax.yaml'), line: expect.any(Number) as number },
    { file: join(directory, 'schema.yaml'), line: 4, field: 'spec.vdiskFileio.size' },
  ]);
});

it('takes a directory that is not there, or is none, for no wish at all', async () => {
  rmSync(directory, { recursive: true });
  const source = start();
  expect(await source.state(undefined)).toMatchObject({ kind: 'unavailable', reason: 'Unreachable' });
  writeFileSync(directory, '');
  expect(await source.state(undefined)).toMatchObject({ kind: 'unavailable', reason: 'Unreachable' });
  rmSync(directory);
  mkdirSync(directory);
  write('a.yaml', disk('a'));
  expect((await wished(source)).spec.devices).toHaveLength(1);
});

it('takes an empty directory for the wish that nothing be there', async () => {
  expect(await wished(start())).toMatchObject({ complete: true, spec: { devices: [], luns: [], sessions: [] } });
});

it('remembers over a restart what may not change, and how old an object is, while a typing error is in its file', async () => {
  write('a.yaml', disk('a'));
  await wished(start());
  write('a.yaml', 'kind: [');
  expect((await wished(start())).complete).toBe(false);
  write('a.yaml', disk('a').replace('lun: 0', 'lun: 1'));
  const source = start();
  expect((await wished(source)).complete).toBe(false);
  expect(await problems(source)).toMatchObject([{ message: expect.stringContaining('lun is immutable') as string }]);
});

it('refuses the second of two manifests of one object, and names both places', async () => {
  write('a.yaml', disk('a'));
  write('copy.yaml', disk('a'));
  const source = start();
  expect((await wished(source)).spec.devices).toHaveLength(1);
  const found = await problems(source);
  expect(found).toHaveLength(4);
  expect(found[0]).toMatchObject({
    file: join(directory, 'copy.yaml'),
    message: expect.stringContaining(`stands in ${join(directory, 'a.yaml')}:1 too`) as string,
  });
});

it('asks for a pass when a file changes', async () => {
  const source = start();
  await wished(source);
  write('a.yaml', disk('a'));
  await eventually(() => expect(changes).toBeGreaterThan(0));
});

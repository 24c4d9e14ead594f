// Files that are read at one moment, by those who don't know of each other.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAll, readTogether } from './read-together.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'scst-read-'));
  for (const name of ['a', 'b']) {
    mkdirSync(join(root, name, 'folder'), { recursive: true });
    writeFileSync(join(root, name, 'text'), `${name}\n`);
  }
});
afterEach(() => rmSync(root, { recursive: true }));

const request = (name: string, files = ['text', 'nothing']) => ({
  root: join(root, name),
  files,
  directories: ['folder', 'none'],
});

it('gives each what it asked for, in the order of its paths', async () => {
  const of = (name: string) => ({ files: [name, undefined], directories: [[], undefined] });
  expect(await Promise.all(['b', 'a', 'gone'].map((name) => readTogether(request(name))))).toEqual([
    of('b'),
    of('a'),
    { files: [undefined, undefined], directories: [undefined, undefined] },
  ]);
  expect(await readAll([request('a'), request('b', [])])).toEqual([of('a'), { ...of('b'), files: [] }]);
});

it('fails those whose reading fails, and no others', async () => {
  const results = await Promise.allSettled([
    readTogether(request('a')),
    readTogether(request('b', ['folder'])),
    readTogether(request('b')),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: { code: 'EISDIR' } });
});

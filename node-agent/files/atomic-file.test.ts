// Replacing a file: a reader and a crash see the old content or the new one.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJson, writeAtomically } from './atomic-file.js';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'scst-files-'));
  path = join(directory, 'state.json');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it.each([true, false])('replaces the content and leaves nothing beside it (durable: %s)', async (durable) => {
  await writeAtomically(path, '{"a":1}', durable);
  const { ino } = statSync(path);
  await writeAtomically(path, '{"a":2}', durable);
  expect(await readJson(path)).toEqual({ a: 2 });
  expect(readdirSync(directory)).toEqual(['state.json']);
  // Another file: whoever has the former one open still reads the whole of it.
  expect(statSync(path).ino).not.toBe(ino);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('does not mind what a killed writer left', async () => {
  writeFileSync(`${path}.tmp`, 'half of a much longer content');
  await writeAtomically(path, '{}', true);
  expect(readFileSync(path, 'utf8')).toBe('{}');
  expect(readdirSync(directory)).toEqual(['state.json']);
});

it('keeps the old content where the new one can not be written', async () => {
  await writeAtomically(path, '{"a":1}', true);
  const missing = join(directory, 'missing', 'state.json');
  await expect(writeAtomically(missing, '{}', true)).rejects.toThrow('ENOENT');
  expect(await readJson(path)).toEqual({ a: 1 });
});

it('reads nothing where there is no file, and throws on what is not JSON', async () => {
  expect(await readJson(path)).toBeUndefined();
  writeFileSync(path, '{');
  await expect(readJson(path)).rejects.toThrow('JSON');
});

// Files and directories that are changed at one moment, by those who don't know of each other.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDirectory, writeText } from './change-together.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'scst-change-'));
  for (const name of ['a', 'b']) writeFileSync(join(root, name), 'before');
});
afterEach(() => rmSync(root, { recursive: true }));

const outcomes = async (...changes: Promise<void>[]) =>
  (await Promise.allSettled(changes)).map((result) =>
    result.status === 'fulfilled' ? 'done' : (result.reason as NodeJS.ErrnoException).code,
  );

it('does each, in their order, and fails those that fail, and no others', async () => {
  expect(
    await outcomes(
      writeText(join(root, 'a'), '1'),
      writeText(join(root, 'none'), '2'),
      makeDirectory(join(root, 'new')),
      makeDirectory(join(root, 'new/in')),
      makeDirectory(join(root, 'new')),
      writeText(join(root, 'b'), '3'),
    ),
  ).toEqual(['done', 'ENOENT', 'done', 'done', 'EEXIST', 'done']);
  expect([readFileSync(join(root, 'a'), 'utf8')[0], readFileSync(join(root, 'b'), 'utf8')[0]]).toEqual(['1', '3']);
  expect(existsSync(join(root, 'none'))).toBe(false);
});

it('does the others where one makes no sense', async () => {
  expect(
    await outcomes(
      writeText(join(root, 'a'), 'z'.repeat(4097)),
      makeDirectory(join(root, 'new')),
      writeText(join(root, 'b\0'), '1'),
    ),
  ).toEqual(['ERR_INVALID_ARG_TYPE', 'done', 'ERR_INVALID_ARG_TYPE']);
  expect([existsSync(join(root, 'new')), readFileSync(join(root, 'a'), 'utf8')]).toEqual([true, 'before']);
});

// Manifests of a directory: what is read, and how a broken file is told.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryUnreadable, parseManifests, readManifests } from './manifest-files.js';

describe('parseManifests', () => {
  it('gives each document with its line and the lines of its fields', () => {
    const text = '# two\nkind: A\nspec:\n  size: 1\n---\nkind: B\nspec: {path: /x}\n---\n';
    const { documents } = parseManifests('f.yaml', text);
    expect(documents.map(({ line, object }) => [line, object])).toEqual([
      [2, { kind: 'A', spec: { size: 1 } }],
      [6, { kind: 'B', spec: { path: '/x' } }],
    ]);
    expect(documents[0]?.lineOf('spec.size')).toBe(4);
    expect(documents[0]?.lineOf('spec.size.missing')).toBe(4);
    expect(documents[1]?.lineOf('spec.nothing')).toBe(7);
  });

  it('names the line of a syntax error and takes nothing of that file', () => {
    const { documents, problem } = parseManifests('f.yaml', 'kind: A\n---\nkind: B\nlist: [1, 2\n---\nkind: C\n');
    expect(documents).toEqual([]);
    expect(problem).toMatchObject({ file: 'f.yaml', line: 5 });
    expect(problem?.message).not.toMatch(/\n/);
  });

  it('takes an empty file as no documents', () => {
    expect(parseManifests('f.yaml', '')).toEqual({ documents: [] });
    expect(parseManifests('f.yaml', '# nothing\n---\n')).toEqual({ documents: [] });
  });
});

describe('readManifests', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'scst-manifests-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it('reads the good files beside a broken one, and leaves other files and editors’ copies alone', async () => {
    writeFileSync(join(directory, 'a.yaml'), 'kind: A\n');
    writeFileSync(join(directory, 'b.yml'), 'kind: [\n');
    writeFileSync(join(directory, '.c.yaml'), 'kind: C\n');
    writeFileSync(join(directory, 'd.yaml~'), 'kind: D\n');
    const { documents, problems } = await readManifests(directory);
    expect(documents.map(({ object }) => object)).toEqual([{ kind: 'A' }]);
    expect(problems).toEqual([expect.objectContaining({ file: join(directory, 'b.yml') })]);
  });

  it('refuses to take a directory that isn’t there as an empty one', async () => {
    await expect(readManifests(join(directory, 'missing'))).rejects.toBeInstanceOf(DirectoryUnreadable);
  });
});

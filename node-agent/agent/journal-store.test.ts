// The journal on the disk.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { journal } from './fixtures.js';
import { JournalStore, JournalUnreadable } from './journal-store.js';

describe('JournalStore', () => {
  let directory: string;
  let store: JournalStore;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'scst-journal-'));
    store = new JournalStore(join(directory, 'state'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('gives back what was written, and nothing before that', async () => {
    expect(await store.read()).toBeUndefined();
    await store.write(journal());
    expect(await store.read()).toEqual(journal());
    expect(readdirSync(join(directory, 'state'))).toEqual(['journal.json']);
  });

  it('never takes a damaged or foreign journal for an empty one', async () => {
    await store.write(journal());
    writeFileSync(store.path, '{"version": 1, "spec"');
    await expect(store.read()).rejects.toBeInstanceOf(JournalUnreadable);
    writeFileSync(store.path, '{"version": 2}');
    await expect(store.read()).rejects.toThrow(JournalUnreadable);
  });
});

// The seed of a lone node's identities.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetupIdConflict, setupIdOf } from './setup-id.js';

describe('setupIdOf', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'scst-setup-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is made once and kept', async () => {
    const made = await setupIdOf(join(directory, 'new'), undefined);
    expect(made).toMatch(/^[0-9a-f-]{36}$/);
    expect(await setupIdOf(join(directory, 'new'), undefined)).toBe(made);
  });

  it('takes the wanted one at the first start, and refuses another one later', async () => {
    expect(await setupIdOf(directory, 'mine')).toBe('mine');
    expect(await setupIdOf(directory, undefined)).toBe('mine');
    await expect(setupIdOf(directory, 'other')).rejects.toBeInstanceOf(SetupIdConflict);
  });
});

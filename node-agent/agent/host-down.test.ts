// How the agent knows that systemd has stopped all units and ends what is left.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemdEndsTheRest } from './host-down.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'scst-host-down-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it.each([
  // The kernel keeps 15 characters of a name.
  ['systemd-shutdow', true],
  ['systemd', false],
  ['node', false],
  ['init', false],
])('process 1 is %s: %p', (name, expected) => {
  writeFileSync(join(folder, 'comm'), `${name}\n`);
  expect(systemdEndsTheRest(join(folder, 'comm'))).toBe(expected);
});

it('not where it can not be seen', () => {
  expect(systemdEndsTheRest(join(folder, 'comm'))).toBe(false);
});

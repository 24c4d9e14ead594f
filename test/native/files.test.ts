// The system calls of the add-on: opening below a root without following links, and the lock of an open file description.
import {
  closeSync,
  constants,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadNative } from '../../node-agent/native/index.js';

describe('files of the add-on', () => {
  const native = loadNative();
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'scst-native-'));
    mkdirSync(join(root, 'inside'));
    writeFileSync(join(root, 'inside/file'), 'x');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('opens a file below its root', async () => {
    closeSync(await native.openBeneath(root, 'inside/file', constants.O_RDONLY, 0));
    linkSync(join(root, 'inside/file'), join(root, 'hard'));
    closeSync(await native.openBeneath(root, 'hard', constants.O_RDONLY, 0));
  });

  it.each([
    ['../etc/passwd', /EXDEV/],
    ['link', /ELOOP/],
    ['folder/file', /ELOOP/],
    ['missing', /ENOENT/],
  ])('refuses %s', async (path, code) => {
    symlinkSync('/etc/passwd', join(root, 'link'));
    symlinkSync(join(root, 'inside'), join(root, 'folder'));
    await expect(native.openBeneath(root, path, constants.O_RDONLY, 0)).rejects.toMatchObject({
      code: expect.stringMatching(code) as string,
    });
  });

  it('gives the lock of a file to one open file description at a time', () => {
    const [first, second] = [openSync(join(root, 'inside/file'), 'r+'), openSync(join(root, 'inside/file'), 'r+')];
    expect(native.tryLock(first)).toBe(true);
    expect(native.tryLock(second)).toBe(false);
    closeSync(first);
    expect(native.tryLock(second)).toBe(true);
    closeSync(second);
  });
});

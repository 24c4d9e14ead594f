// The system calls of the add-on: opening below a root without following links, and the lock of an open file description.
import {
  closeSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
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

  it('gives the lock of a file to one open file description at a time', async () => {
    const [first, second] = [openSync(join(root, 'inside/file'), 'r+'), openSync(join(root, 'inside/file'), 'r+')];
    expect(await native.tryLock(first, false)).toBe(true);
    expect(await native.tryLock(second, false)).toBe(false);
    closeSync(first);
    expect(await native.tryLock(second, false)).toBe(true);
    closeSync(second);
  });

  it('gives a shared lock to several, and keeps those out who want it for themselves', async () => {
    const files = [1, 2, 3].map(() => openSync(join(root, 'inside/file'), 'r+'));
    const [first = -1, second = -1, third = -1] = files;
    const locked = [
      await native.tryLock(first, true),
      await native.tryLock(second, true),
      await native.tryLock(third, false),
    ];
    expect(locked).toEqual([true, true, false]);
    files.forEach((file) => closeSync(file));
  });

  it('reads files and directories in the order of their paths, and says what is not there', async () => {
    symlinkSync('/somewhere/else', join(root, 'inside/link'));
    mkdirSync(join(root, 'inside/folder'));
    const below = (...paths: string[]) => paths.map((path) => join(root, path));
    const { files, directories } = await native.readNodes(
      below('nothing', 'inside/file'),
      below('inside', 'inside/none'),
    );
    expect(files).toEqual([null, 'x']);
    expect(directories[0]?.sort((one, other) => one.name.localeCompare(other.name))).toEqual([
      { name: 'file', directory: false },
      { name: 'folder', directory: true },
      { name: 'link', directory: false, target: '/somewhere/else' },
    ]);
    expect(directories[1]).toBeNull();
  });

  it.each([0, 4095, 4096, 4097, 100_000])('reads the whole of a file of %i bytes', async (bytes) => {
    writeFileSync(join(root, 'long'), 'y'.repeat(bytes));
    expect((await native.readNodes([join(root, 'long')], [])).files).toEqual(['y'.repeat(bytes)]);
  });

  it('fails with what can’t be read', async () => {
    await expect(native.readNodes([join(root, 'inside')], [])).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(native.readNodes([], [join(root, 'inside/file')])).rejects.toMatchObject({ code: 'ENOTDIR' });
    expect(() => native.readNodes(['with\0null'], [])).toThrow(/without null bytes/);
  });

  it('writes to files that exist, makes directories, in order, and says of each what it came to', async () => {
    const below = (...paths: string[]) => paths.map((path) => join(root, path));
    const paths = below('inside/file', 'none', 'new', 'new/in', 'inside', 'inside/file');
    const errors = await native.changeNodes(paths, ['first', '1', null, null, null, 'value']);
    expect(errors.map((error) => error?.code)).toEqual([
      ...[undefined, 'ENOENT', undefined, undefined, 'EEXIST', undefined],
    ]);
    expect(errors[1]?.message).toBe(`ENOENT: No such file or directory, write '${join(root, 'none')}'`);
    expect(errors[4]?.message).toBe(`EEXIST: File exists, mkdir '${join(root, 'inside')}'`);
    expect(readFileSync(join(root, 'inside/file'), 'utf8')).toBe('value');
    expect([existsSync(join(root, 'none')), existsSync(join(root, 'new/in'))]).toEqual([false, true]);
  });

  it('changes nothing where a part makes no sense', () => {
    const file = join(root, 'inside/file');
    expect(() => native.changeNodes([file, file], ['1', 'z'.repeat(4097)])).toThrow(/shorter/);
    expect(() => native.changeNodes([file], [])).toThrow(/of one length/);
    expect(() => native.changeNodes([file, 'with\0null'], ['1', '1'])).toThrow(/without null bytes/);
    expect(readFileSync(file, 'utf8')).toBe('x');
  });
});

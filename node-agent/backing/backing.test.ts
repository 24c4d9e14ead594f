// Opening, sizing, guarding and reclaiming backing files in a real directory.
import {
  constants,
  ftruncateSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NativeBinding } from '../native/types.js';
import type { FileioConfiguration } from '../protocol/types.js';
import { BackingRefused } from './errors.js';
import type { Backing, BackingEnvironment } from './backing.js';
import { openFileBacking } from './file.js';
import { reclaimFile } from './reclaim.js';
import { BackingRegistry } from './registry.js';
import { checkSpace } from './space.js';

const MIB = 2 ** 20;
let root: string;
let lockedElsewhere: boolean;
/** The file system can give space back. */
let alignment = 512;
let holes: boolean;
let environment: BackingEnvironment;
const opened: Backing[] = [];

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'scst-backing-')));
  lockedElsewhere = false;
  holes = true;
  const unsupported = () => Promise.reject(Object.assign(new Error('not supported'), { code: 'EOPNOTSUPP' }));
  const binding: Pick<NativeBinding, 'openBeneath' | 'tryLock' | 'punchHole' | 'zeroRange' | 'readDirectly'> = {
    readDirectly: (_fd, _offset, length) => (length % alignment === 0 ? Promise.resolve() : unsupported()),
    punchHole: () => (holes ? Promise.resolve() : unsupported()),
    zeroRange: unsupported,
    openBeneath: async (directory, path, flags, mode) =>
      Promise.resolve(openSync(join(directory, path), flags | constants.O_NOFOLLOW, mode)),
    tryLock: () => Promise.resolve(!lockedElsewhere),
  };
  environment = {
    binding: binding as NativeBinding,
    registry: new BackingRegistry(),
    allowedPaths: [root],
    minFree: 0,
  };
});
afterEach(async () => {
  for (const backing of opened.splice(0)) await backing.close();
  rmSync(root, { recursive: true });
});

function configuration(changes: Partial<FileioConfiguration> = {}): FileioConfiguration {
  return {
    filename: join(root, 'disk.img'),
    blocksize: 512,
    readOnly: false,
    writeThrough: false,
    nvCache: false,
    removable: false,
    rotational: true,
    thinProvisioned: false,
    active: true,
    ...changes,
  };
}
async function open(changes: Partial<FileioConfiguration> = {}, uid = 'u1', replacing?: Backing): Promise<Backing> {
  const owner = { uid, name: `device-${uid}` };
  const backing = await openFileBacking(environment, configuration(changes), owner, replacing);
  opened.push(backing);
  return backing;
}
async function refusal(changes: Partial<FileioConfiguration>, uid?: string): Promise<BackingRefused> {
  const error: unknown = await open(changes, uid).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BackingRefused);
  return error as BackingRefused;
}

describe('size', () => {
  test('a missing file is made with the wanted size, for its owner only', async () => {
    const backing = await open({ size: MIB });
    expect(backing.created).toBe(true);
    expect(backing.medium.blocks).toBe(2048n);
    expect(statSync(backing.path).size).toBe(MIB);
    expect(statSync(backing.path).mode & 0o777).toBe(0o600);
  });
  test('an existing file without a size gives its own size and keeps its content', async () => {
    writeFileSync(join(root, 'disk.img'), Buffer.alloc(4096, 7));
    const backing = await open();
    expect(backing.created).toBe(false);
    expect(backing.medium.blocks).toBe(8n);
    expect(readFileSync(backing.path)).toEqual(Buffer.alloc(4096, 7));
  });
  test('an existing file grows', async () => {
    writeFileSync(join(root, 'disk.img'), Buffer.alloc(512, 7));
    const backing = await open({ size: 1024 });
    expect(readFileSync(backing.path)).toEqual(Buffer.concat([Buffer.alloc(512, 7), Buffer.alloc(512)]));
  });
  test('a file that a crash left empty grows', async () => {
    writeFileSync(join(root, 'disk.img'), '');
    expect((await open({ size: 1024 })).medium.blocks).toBe(2n);
  });
  test('a larger file is refused and not cut', async () => {
    writeFileSync(join(root, 'disk.img'), Buffer.alloc(2048));
    expect((await refusal({ size: 1024 })).reason).toBe('SizeTooSmall');
    expect(statSync(join(root, 'disk.img')).size).toBe(2048);
  });
  test('a missing file without a size is refused', async () => {
    expect((await refusal({})).reason).toBe('SizeUnknown');
  });
  test('no file is made below /dev, where a block device is missing', async () => {
    environment = { ...environment, allowedPaths: ['/dev'] };
    const filename = '/dev/scst-is-not-there';
    expect(await refusal({ filename, size: MIB })).toMatchObject({
      reason: 'BackingNotFound',
      message: `${filename} does not exist, and no file is made below /dev`,
    });
  });
  test('a size that is no multiple of the block size is refused', async () => {
    writeFileSync(join(root, 'disk.img'), Buffer.alloc(1000));
    expect((await refusal({})).reason).toBe('SizeNotMultiple');
    expect((await refusal({ size: 4096 + 512, blocksize: 4096 })).reason).toBe('SizeNotMultiple');
  });
  test('a read-only file is not grown', async () => {
    writeFileSync(join(root, 'disk.img'), Buffer.alloc(512));
    expect((await refusal({ size: 1024, readOnly: true })).reason).toBe('SizeTooSmall');
    expect(statSync(join(root, 'disk.img')).size).toBe(512);
  });
  test('a thin file may promise more than the file system has', async () => {
    environment.minFree = 100;
    expect(await open({ size: 2 ** 40, thinProvisioned: true })).toMatchObject({ created: true });
    expect(statSync(join(root, 'disk.img'))).toMatchObject({ size: 2 ** 40, blocks: 0 });
  });
  test('a file that would take more than the file system may give is not made, and the figures are told', async () => {
    environment.minFree = 100;
    const { reason, message } = await refusal({ size: MIB });
    expect(reason).toBe('InsufficientSpace');
    expect(message).toMatch(/needs 1 MiB more.*must keep \d+ MiB/);
    expect(() => statSync(join(root, 'disk.img'))).toThrow();
  });
  test('a file that keeps its size needs no space', async () => {
    environment.minFree = 100;
    writeFileSync(join(root, 'disk.img'), Buffer.alloc(1024));
    expect((await open({ size: 1024 })).medium.blocks).toBe(2n);
  });
});

test.each([
  [10n, true],
  [85n, true],
  [86n, false],
])('with 15 percent to keep of 100 free bytes, %s may grow: %s', (growth, allowed) => {
  const check = () => checkSpace('/file', growth, { size: 100n, available: 100n }, 15);
  if (allowed) expect(check).not.toThrow();
  else expect(check).toThrow(BackingRefused);
});

describe('paths', () => {
  test.each(['/etc/shadow', 'disk.img', '/'])('%s is refused, and the way to allow it is told', async (filename) => {
    const { reason } = await refusal({ filename, size: 512 });
    expect(reason).toBe('PathNotAllowed');
    expect((await refusal({ filename: '/etc/shadow' })).message).toContain('--allow-path');
  });
  test('a path that leaves its directory again is refused', async () => {
    expect((await refusal({ filename: `${root}/../disk.img`, size: 512 })).reason).toBe('PathNotAllowed');
  });
  test('a directory whose name begins like an allowed one is not allowed', async () => {
    expect((await refusal({ filename: `${root}x/disk.img`, size: 512 })).reason).toBe('PathNotAllowed');
  });
  test('a symbolic link is refused', async () => {
    writeFileSync(join(root, 'other'), Buffer.alloc(512));
    symlinkSync(join(root, 'other'), join(root, 'disk.img'));
    const { reason, message } = await refusal({});
    expect(reason).toBe('PathNotAllowed');
    expect(message).toContain('symbolic link');
  });
  test('a second hard link is refused', async () => {
    writeFileSync(join(root, 'other'), Buffer.alloc(512));
    linkSync(join(root, 'other'), join(root, 'disk.img'));
    expect((await refusal({})).reason).toBe('MultipleLinks');
  });
  test('a directory is no backing', async () => {
    mkdirSync(join(root, 'disk.img'));
    expect((await refusal({})).reason).toBe('NotARegularFile');
    expect((await refusal({ readOnly: true })).reason).toBe('NotARegularFile');
  });
  test('a missing directory is named and not made', async () => {
    const { reason, message } = await refusal({ filename: join(root, 'missing', 'disk.img'), size: 512 });
    expect(reason).toBe('BackingNotFound');
    expect(message).toContain(join(root, 'missing'));
  });
});

describe('one file, one device', () => {
  test('a second device is refused, naming the first, until the first lets go', async () => {
    const first = await open({ size: 512 });
    const { reason, message } = await refusal({}, 'u2');
    expect(reason).toBe('BackingInUse');
    expect(message).toContain('device-u1');
    opened.splice(0);
    await first.close();
    await open({}, 'u2');
  });
  test('a file that another process has locked is refused and not grown', async () => {
    writeFileSync(join(root, 'disk.img'), Buffer.alloc(512));
    lockedElsewhere = true;
    expect((await refusal({ size: 1024 })).reason).toBe('BackingInUse');
    expect(statSync(join(root, 'disk.img')).size).toBe(512);
  });
  test('the same device opens its own file anew, and keeps it when the old one is closed', async () => {
    const old = await open({ size: 512 });
    lockedElsewhere = true;
    const replacement = await open({ size: 1024 }, 'u1', old);
    expect(await replacement.lock()).toBe(false);
    lockedElsewhere = false;
    expect(await replacement.lock()).toBe(true);
    opened.splice(opened.indexOf(old), 1);
    await old.close();
    expect((await refusal({}, 'u2')).reason).toBe('BackingInUse');
  });
});

describe('the medium', () => {
  test('gives back what was written, at its place', async () => {
    const { medium } = await open({ size: 4096 });
    await medium.write(512, Buffer.alloc(512, 9), true);
    const read = Buffer.alloc(1536, 1);
    await medium.read(0, read);
    expect(read).toEqual(Buffer.concat([Buffer.alloc(512), Buffer.alloc(512, 9), Buffer.alloc(512)]));
  });
  test('disk-09: fails to read what was cut from the file, and knows how much that is', async () => {
    const backing = await open({ size: 1024 });
    const { medium, fd } = backing;
    await medium.write(0, Buffer.alloc(1024, 9), false);
    ftruncateSync(fd, 300);
    await medium.read(0, Buffer.alloc(300));
    await expect(medium.read(0, Buffer.alloc(1024))).rejects.toMatchObject({ kind: 'read' });
    expect(await backing.missing()).toBe(724n);
  });
  test('is zeroed by writing where the file system can not do it by itself', async () => {
    writeFileSync(join(root, 'disk.img'), Buffer.alloc(4096, 7));
    const { medium, path } = await open();
    await medium.zero(512, 1024);
    expect(readFileSync(path)).toEqual(
      Buffer.concat([Buffer.alloc(512, 7), Buffer.alloc(1024), Buffer.alloc(2560, 7)]),
    );
  });
  test('is read past the page cache by a file descriptor of its own, where blocks of that size can be', async () => {
    writeFileSync(join(root, 'disk.img'), Buffer.alloc(8192, 7));
    const backing = await open({ directIO: true });
    expect(backing.transferFd).not.toBe(backing.fd);
    alignment = 4096;
    const { reason, message } = await refusal({ directIO: true });
    expect([reason, message]).toEqual([
      'AttributeNotSupported',
      expect.stringMatching(/512 bytes; set blocksize to 4096/),
    ]);
    alignment = 65_536;
    expect((await refusal({ directIO: true })).message).toMatch(/512 bytes; leave directIO out$/);
    alignment = 512;
  });
  test('disk-08: thin provisioning is refused where the file system can not give space back, and named', async () => {
    holes = false;
    writeFileSync(join(root, 'disk.img'), Buffer.alloc(4096, 7));
    const { reason, message } = await refusal({ thinProvisioned: true });
    expect(reason).toBe('AttributeNotSupported');
    expect(message).toMatch(/^thinProvisioned: the file system of .*disk\.img.* can't give space back/);
    holes = true;
    await open({ thinProvisioned: true });
  });
  test('a write to a read-only file is a medium error', async () => {
    writeFileSync(join(root, 'disk.img'), Buffer.alloc(512));
    const { medium } = await open({ readOnly: true });
    await expect(medium.write(0, Buffer.alloc(512), false)).rejects.toMatchObject({ kind: 'write' });
  });
});

describe('reclaim', () => {
  test('deletes the file', async () => {
    writeFileSync(join(root, 'disk.img'), 'x');
    expect(await reclaimFile(environment, join(root, 'disk.img'))).toEqual({ deleted: true });
    expect(() => statSync(join(root, 'disk.img'))).toThrow();
  });
  test('a file that is gone counts as deleted', async () => {
    expect(await reclaimFile(environment, join(root, 'disk.img'))).toEqual({ deleted: true });
  });
  test('keeps a file that a device has open, and names the device', async () => {
    const { path } = await open({ size: 512 });
    const result = await reclaimFile(environment, path);
    expect(result.deleted).toBe(false);
    expect(result.message).toContain('device-u1');
    expect(statSync(path).size).toBe(512);
  });
  test('keeps links, what they lead to, files of two names and files elsewhere', async () => {
    writeFileSync(join(root, 'file'), 'x');
    symlinkSync('file', join(root, 'symbolic'));
    expect((await reclaimFile(environment, join(root, 'symbolic'))).deleted).toBe(false);
    linkSync(join(root, 'file'), join(root, 'hard'));
    expect((await reclaimFile(environment, join(root, 'hard'))).deleted).toBe(false);
    expect((await reclaimFile({ ...environment, allowedPaths: ['/var/lib/scst'] }, join(root, 'file'))).deleted).toBe(
      false,
    );
    expect(statSync(join(root, 'file')).nlink).toBe(2);
  });
});

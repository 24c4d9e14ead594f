// The kernel's size and write protection of a disk follow the engine's, on a directory of sysfs's shape; a FIFO is a kernel that doesn't answer.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StepWorkers } from '../lio/index.js';
import { nativeProgram } from '../native/index.js';
import { BlockLimitsKeeper } from './block-limits.js';

const WORKERS = new StepWorkers(nativeProgram('scst-step'));
const HCTL = '2:0:1:0';
const LIMITS = { bytes: 4096, readOnly: false };
let sys: string;
let rescan: string;
let size: string;
let ro: string;

beforeEach(() => {
  sys = mkdtempSync(join(tmpdir(), 'scst-limits-'));
  const device = join(sys, 'class/scsi_device', HCTL, 'device');
  const block = join(sys, 'class/block/sdb');
  for (const directory of [device, block]) mkdirSync(directory, { recursive: true });
  [rescan, size, ro] = [join(device, 'rescan'), join(block, 'size'), join(block, 'ro')];
  writeFileSync(rescan, '');
  writeFileSync(size, '0\n');
  writeFileSync(ro, '0\n');
});
afterEach(() => rmSync(sys, { recursive: true, force: true }));

it('asks for no rescan where the sizes agree', async () => {
  writeFileSync(size, '8\n');
  expect(await new BlockLimitsKeeper(WORKERS, sys).ensure(HCTL, 'sdb', LIMITS)).toBe(true);
  expect(readFileSync(rescan, 'utf8')).toBe('');
});

it('rescans a disk that the kernel takes for another size, and waits for the new one', async () => {
  const watcher = watch(rescan, () => {
    if (readFileSync(rescan, 'utf8') === '1') writeFileSync(size, '8\n');
  });
  try {
    expect(await new BlockLimitsKeeper(WORKERS, sys).ensure(HCTL, 'sdb', LIMITS)).toBe(true);
  } finally {
    watcher.close();
  }
});

it('rescans a disk that is to be read-only, and once only: a user may have said so too', async () => {
  writeFileSync(size, '8\n');
  const limits = new BlockLimitsKeeper(WORKERS, sys);
  expect(await limits.ensure(HCTL, 'sdb', { bytes: 4096, readOnly: true })).toBe(true);
  expect(readFileSync(rescan, 'utf8')).toBe('1');
  writeFileSync(rescan, '');
  expect(await limits.ensure(HCTL, 'sdb', { bytes: 4096, readOnly: true })).toBe(true);
  expect(readFileSync(rescan, 'utf8')).toBe('');
  writeFileSync(ro, '1\n');
  expect(await limits.ensure(HCTL, 'sdb', LIMITS)).toBe(true);
  expect(readFileSync(rescan, 'utf8')).toBe('1');
});

it('goes on without a kernel that answers, and has it rescan once at a time', async () => {
  rmSync(rescan);
  execFileSync('mkfifo', [rescan]);
  const limits = new BlockLimitsKeeper(WORKERS, sys);
  expect(await limits.ensure(HCTL, 'sdb', LIMITS)).toBe(false);
  expect(await limits.ensure(HCTL, 'sdb', LIMITS)).toBe(false);
  // Both writers' bytes would be there.
  expect(readFileSync(rescan, 'utf8')).toBe('1');
});

it('has the kernel and udev look anew at a disk of another identity, and at no other', async () => {
  const page = join(sys, 'class/scsi_device', HCTL, 'device/vpd_pg83');
  const uevent = join(sys, 'class/block/sdb/uevent');
  writeFileSync(page, Buffer.from('00830008010300083500000000000001', 'hex'));
  writeFileSync(uevent, '');
  const limits = new BlockLimitsKeeper(WORKERS, sys);
  await limits.ensureIdentity(HCTL, 'sdb', '3500000000000001');
  expect([readFileSync(rescan, 'utf8'), readFileSync(uevent, 'utf8')]).toEqual(['', '']);
  const watcher = watch(rescan, () => writeFileSync(page, Buffer.from('00830008010300083500000000000002', 'hex')));
  try {
    await limits.ensureIdentity(HCTL, 'sdb', '3500000000000002');
    // The kernel may be slow: the next pass looks again.
    while (readFileSync(uevent, 'utf8') === '') await limits.ensureIdentity(HCTL, 'sdb', '3500000000000002');
  } finally {
    watcher.close();
  }
  expect([readFileSync(rescan, 'utf8'), readFileSync(uevent, 'utf8')]).toEqual(['1', 'change']);
});

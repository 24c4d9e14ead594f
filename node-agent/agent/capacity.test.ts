// The kernel's size of a disk follows the engine's, on a directory of sysfs's shape; a FIFO is a kernel that doesn't answer.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CapacityKeeper } from './capacity.js';

const HCTL = '2:0:1:0';
let sys: string;
let rescan: string;
let size: string;

beforeEach(() => {
  sys = mkdtempSync(join(tmpdir(), 'scst-capacity-'));
  const device = join(sys, 'class/scsi_device', HCTL, 'device');
  const block = join(sys, 'class/block/sdb');
  for (const directory of [device, block]) mkdirSync(directory, { recursive: true });
  [rescan, size] = [join(device, 'rescan'), join(block, 'size')];
  writeFileSync(rescan, '');
  writeFileSync(size, '0\n');
});
afterEach(() => rmSync(sys, { recursive: true, force: true }));

it('asks for no rescan where the sizes agree', async () => {
  writeFileSync(size, '8\n');
  expect(await new CapacityKeeper(sys).ensure(HCTL, 'sdb', 4096)).toBe(true);
  expect(readFileSync(rescan, 'utf8')).toBe('');
});

it('rescans a disk that the kernel takes for another size, and waits for the new one', async () => {
  const watcher = watch(rescan, () => {
    if (readFileSync(rescan, 'utf8') === '1') writeFileSync(size, '8\n');
  });
  try {
    expect(await new CapacityKeeper(sys).ensure(HCTL, 'sdb', 4096)).toBe(true);
  } finally {
    watcher.close();
  }
});

it('goes on without a kernel that answers, and has it rescan once at a time', async () => {
  rmSync(rescan);
  execFileSync('mkfifo', [rescan]);
  const capacities = new CapacityKeeper(sys);
  expect(await capacities.ensure(HCTL, 'sdb', 4096)).toBe(false);
  expect(await capacities.ensure(HCTL, 'sdb', 4096)).toBe(false);
  // Both writers' bytes would be there.
  expect(readFileSync(rescan, 'utf8')).toBe('1');
});

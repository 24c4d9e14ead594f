// What is read of a SCSI device, its users and its by-id name, on trees of the shape of sysfs, /proc and /dev.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findById, readById } from './by-id.js';
import { findHolders } from '../block/holders.js';
import { claimUnused } from './in-use.js';
import { readScsiDevice, setTimeoutSeconds, waitForScsiDevice } from './scsi-device.js';

const HCTL = '2:0:0:1';
const DEVICE = `sys/class/scsi_device/${HCTL}/device`;
const POD = '0f0f0f0f-1111-2222-3333-444444444444';
let root: string;
let sys: string;
let proc: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'scst-devices-'));
  [sys, proc] = [join(root, 'sys'), join(root, 'proc')];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function files(contents: Record<string, string>): void {
  for (const [path, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}
function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
}

/** A disk sdb with one partition. */
function disk(): void {
  files({
    [`${DEVICE}/type`]: '0\n',
    [`${DEVICE}/timeout`]: '30\n',
    [`${DEVICE}/block/sdb/x`]: '',
    [`${DEVICE}/scsi_generic/sg1/x`]: '',
    [`${DEVICE}/bsg/${HCTL}/x`]: '',
    'sys/class/block/sdb/dev': '8:16\n',
    'sys/class/block/sdb/sdb1/dev': '8:17\n',
    'sys/class/block/sdb1/dev': '8:17\n',
  });
}

describe('a SCSI device', () => {
  it('is nothing where the kernel has none of that address', async () => {
    expect(await readScsiDevice(HCTL, sys)).toBeUndefined();
    expect(await waitForScsiDevice(HCTL, 0, sys)).toBeUndefined();
  });

  it('has the names that its drivers gave it', async () => {
    disk();
    const whole = { hctl: HCTL, type: 0, block: 'sdb', sg: 'sg1', bsg: HCTL, timeoutSeconds: 30 };
    expect(await readScsiDevice(HCTL, sys)).toEqual(whole);
    expect(await waitForScsiDevice(HCTL, 0, sys)).toEqual(whole);
  });

  it('is waited for while a disk has no block device yet, which a tape never gets', async () => {
    files({ [`${DEVICE}/type`]: '0\n', [`${DEVICE}/scsi_generic/sg1/x`]: '' });
    expect(await waitForScsiDevice(HCTL, 0, sys)).toBeUndefined();
    files({ [`${DEVICE}/type`]: '1\n' });
    expect(await waitForScsiDevice(HCTL, 0, sys)).toEqual({ hctl: HCTL, type: 1, sg: 'sg1' });
  });

  it('gets its time-out only where that differs', async () => {
    disk();
    const timeout = join(root, DEVICE, 'timeout');
    await setTimeoutSeconds({ hctl: HCTL, timeoutSeconds: 30 }, 30, sys);
    expect(readFileSync(timeout, 'utf8')).toBe('30\n');
    await setTimeoutSeconds({ hctl: HCTL, timeoutSeconds: 30 }, 630, sys);
    expect(readFileSync(timeout, 'utf8')).toBe('630');
  });
});

describe('who uses a disk', () => {
  it('is nobody at first', async () => {
    disk();
    expect(await findHolders('sdb', { proc, sys })).toEqual([]);
  });

  it('is told by mount point, stacked device, process and pod, also for a partition', async () => {
    disk();
    files({
      'sys/class/block/sdb/holders/dm-0/x': '',
      'sys/class/block/dm-0/dm/name': 'vg-data\n',
      'proc/41/mountinfo':
        '30 1 8:17 / /mnt/with\\040blank rw - ext4 /dev/sdb1 rw\n31 1 8:32 / /other rw - ext4 x rw\n',
      'proc/42/comm': 'fio\n',
      'proc/42/cgroup': `0::/kubepods/pod${POD.replaceAll('-', '_')}/x\n`,
      'proc/43/comm': '(udev-worker)\n',
    });
    link('proc/42/fd/7', '/dev/sdb');
    link('proc/43/fd/7', '/dev/sdb');
    expect(await findHolders('sdb', { proc, sys })).toEqual([
      'held by dm-0 (vg-data)',
      'mounted at /mnt/with blank',
      `opened by fio (pid 42, pod ${POD})`,
    ]);
  });

  it('does not see a mount in a blank line when a partition is on its way out', async () => {
    disk();
    rmSync(join(sys, 'class/block/sdb1'), { recursive: true });
    files({ 'proc/41/mountinfo': '30 1 8:32 / /other rw - ext4 x rw\n\n' });
    expect(await findHolders('sdb', { proc, sys })).toEqual([]);
  });

  it('refuses a claim by name, and holds one that is free until it is released', async () => {
    disk();
    files({ 'dev/sdb': '', 'proc/42/comm': 'dd\n' });
    const dev = join(root, 'dev');
    link('proc/42/fd/3', '/dev/sdb');
    const refused = await claimUnused(HCTL, { dev, proc, sys });
    expect(refused.allowed ? '' : refused.error.message).toBe(`${dev}/sdb is in use: opened by dd (pid 42)`);
    rmSync(join(proc, '42'), { recursive: true });
    const claim = await claimUnused(HCTL, { dev, proc, sys });
    if (!claim.allowed) throw claim.error;
    await claim.release();
  });

  it('is not asked of a device without a block device: closing a tape rewinds it', async () => {
    files({ [`${DEVICE}/type`]: '1\n' });
    expect(await claimUnused(HCTL, { dev: '/nonexistent', proc, sys })).toMatchObject({ allowed: true });
  });
});

it('gives the by-id name only where udev’s link points at this very path to the unit', async () => {
  const byId = join(root, 'by-id');
  const found = async () => findById(await readById(byId), 'sdb', '35c5', byId);
  expect(await found()).toBeUndefined();
  link('by-id/scsi-335c5', '../../sdc');
  expect(await found()).toBeUndefined();
  link('by-id/wwn-0x35c5', '../../sdb');
  expect(await found()).toBe(join(byId, 'wwn-0x35c5'));
});

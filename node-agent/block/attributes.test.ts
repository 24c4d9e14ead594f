// What a directory of sysfs's shape tells of a disk and of a partition on it.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlockAttributes, deviceNumber } from './attributes.js';

let sys: string;
const put = (path: string, text: string) => {
  const file = join(sys, 'devices/sda', path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `${text}\n`);
};

beforeEach(() => {
  sys = mkdtempSync(join(tmpdir(), 'scst-block-'));
  mkdirSync(join(sys, 'dev/block'), { recursive: true });
  put('size', '2048');
  put('diskseq', '7');
  put('device/wwid', 'naa.35c5700000000001');
  put('queue/logical_block_size', '512');
  put('queue/physical_block_size', '4096');
  put('queue/discard_granularity', '4096');
  put('queue/discard_max_bytes', '1048576');
  put('queue/write_zeroes_max_bytes', '0');
  put('sda1/size', '1024');
  put('sda1/partition', '1');
  symlinkSync('../../devices/sda', join(sys, 'dev/block/8:0'));
  symlinkSync('../../devices/sda/sda1', join(sys, 'dev/block/8:1'));
});
afterEach(() => rmSync(sys, { recursive: true }));

test('a partition has a size of its own, and the rest of its disk', async () => {
  const [disk, partition] = [new BlockAttributes('8:0', sys), new BlockAttributes('8:1', sys)];
  const shared = { logicalBlockSize: 512, physicalBlockSize: 4096, discardGranularity: 4096, discards: true };
  expect(await disk.read()).toMatchObject({ ...shared, size: 1_048_576n, sequence: '7' });
  expect(await partition.read()).toMatchObject({ ...shared, size: 524_288n, sequence: '7' });
  expect([await disk.name(), await partition.name()]).toEqual(['sda', 'sda1']);
  expect([await disk.mark(), await partition.mark()]).toEqual([
    'naa.35c5700000000001/2048',
    'naa.35c5700000000001/1024',
  ]);
});

test('discarding alone does not make blocks read as zeros', async () => {
  expect(await new BlockAttributes('8:0', sys).read()).toMatchObject({ discards: true, unmapsToZeros: false });
  put('queue/write_zeroes_max_bytes', '1048576');
  expect(await new BlockAttributes('8:0', sys).read()).toMatchObject({ unmapsToZeros: true });
});

test('a device that went away, or whose number is another’s now, is not there', async () => {
  const disk = new BlockAttributes('8:0', sys);
  expect([await disk.isThere('7'), await disk.isThere('6')]).toEqual([true, false]);
  rmSync(join(sys, 'devices/sda'), { recursive: true });
  expect(await disk.isThere('7')).toBe(false);
});

test.each([
  [0x801n, '8:1'],
  [0x11032cn, '259:300'],
  [0x1110fc70n, '252:70000'],
])('st_rdev %s is %s', (device, expected) => {
  expect(deviceNumber(device)).toBe(expected);
});

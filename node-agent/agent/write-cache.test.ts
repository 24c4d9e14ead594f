// sd's cache_type is written by a process of its own, which the agent doesn't wait for where the kernel doesn't answer.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StepWorkers } from '../lio/index.js';
import { nativeProgram } from '../native/index.js';
import { forgetWriteCache } from './write-cache.js';

const WORKERS = new StepWorkers(nativeProgram('scst-step'));

let sys: string;
let file: string;

beforeEach(() => {
  sys = mkdtempSync(join(tmpdir(), 'scst-cache-type-'));
  mkdirSync(join(sys, 'class/scsi_disk/2:0:1:0'), { recursive: true });
  file = join(sys, 'class/scsi_disk/2:0:1:0/cache_type');
});
afterEach(() => rmSync(sys, { recursive: true, force: true }));

it('writes the type that is not asked of the disk', async () => {
  writeFileSync(file, '');
  await forgetWriteCache('2:0:1:0', WORKERS, sys);
  expect(readFileSync(file, 'utf8')).toBe('temporary write through');
});

it('says the kernel’s error and the file', async () => {
  await expect(forgetWriteCache('2:0:1:0', WORKERS, sys)).rejects.toThrow(/No such file or directory.*cache_type/);
});

it('goes on while the kernel waits for commands that nobody answers', async () => {
  // Opened for writing, a FIFO without a reader blocks, as the frozen queue does.
  execFileSync('mkfifo', [file]);
  await expect(forgetWriteCache('2:0:1:0', WORKERS, sys)).resolves.toBeUndefined();
  expect(readFileSync(file, 'utf8')).toBe('temporary write through');
});

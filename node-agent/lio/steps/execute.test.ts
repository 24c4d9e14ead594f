// Steps carried out by the real scst-step on a directory of configfs's shape; a FIFO is a kernel that doesn't answer.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { open as openFile, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../../test/env/stack/eventually.js';
import { nativeProgram } from '../../native/index.js';
import type { Step } from '../diff/steps.js';
import { backstoreName, FILE_HBA, kernelBackstoreName, HBA, sessionWwn } from '../naming.js';
import { StepExecutor, type ExecutorOptions, type StepResult } from './execute.js';
import { readOpenSteps } from './record.js';
import { StepWorkers } from './workers.js';

const WORKERS = new StepWorkers(nativeProgram('scst-step'));
const uid = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`;
const [A, B] = [backstoreName(uid(1), uid(8)), backstoreName(uid(2), uid(8))];
const [WWN_A, WWN_B] = [sessionWwn(uid(1)), sessionWwn(uid(2))];

let root: string;
let records: string;
const path = (...parts: string[]) => join(root, 'target', ...parts);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'scst-steps-'));
  records = join(root, 'records');
  for (const name of [A, B]) mkdirSync(path('core', HBA, name), { recursive: true });
  for (const wwn of [WWN_A, WWN_B]) mkdirSync(path('loopback', wwn, 'tpgt_0/lun/lun_0'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function executor(options: Partial<ExecutorOptions> = {}): StepExecutor {
  const common = {
    workers: WORKERS,
    recordsDir: records,
    configfs: join(root, 'target'),
    openFile: () => Promise.reject(new Error('no file is handed over')),
  };
  return new StepExecutor({ ...common, ...options });
}

const link = (wwn: string, backstore: string): Step => ({ kind: 'link', wwn, lun: 0, link: backstore, backstore });
const outcomes = (results: readonly StepResult[]) => results.map(({ step, outcome }) => `${step.kind} ${outcome}`);

/** Makes `enable` of a backstore hang until answer() reads what was written. */
function hanging(backstore: string, hba: string = HBA): { answer: () => Promise<string> } {
  const fifo = path('core', hba, backstore, 'enable');
  execFileSync('mkfifo', [fifo]);
  return { answer: () => readFile(fifo, 'utf8') };
}

it('links, unlinks and removes, and leaves no record behind', async () => {
  expect(outcomes(await executor().execute([link(WWN_A, A)]))).toEqual(['link done']);
  expect(readlinkSync(path('loopback', WWN_A, 'tpgt_0/lun/lun_0', A))).toBe(path('core', HBA, A));
  const down: Step[] = [
    { kind: 'unlink', wwn: WWN_A, lun: 0, backstore: A, link: A },
    { kind: 'removeLun', wwn: WWN_A, lun: 0 },
  ];
  expect(outcomes(await executor().execute(down))).toEqual(['unlink done', 'removeLun done']);
  expect(readdirSync(path('loopback', WWN_A, 'tpgt_0/lun'))).toEqual([]);
  expect(readdirSync(records)).toEqual([]);
});

it('counts as done what was done before: a killed agent may not know', async () => {
  await executor().execute([link(WWN_A, A)]);
  expect(outcomes(await executor().execute([link(WWN_A, A)]))).toEqual(['link done']);
  const remove: Step = { kind: 'removeBackstore', backstore: B };
  expect(outcomes(await executor().execute([remove]))).toEqual(['removeBackstore done']);
  expect(outcomes(await executor().execute([remove]))).toEqual(['removeBackstore done']);
});

it('says which file refused and what helps, and tries nothing of the same session that needs it', async () => {
  writeFileSync(path('loopback', WWN_A, 'tpgt_0/lun/lun_0/mine'), '');
  const results = await executor().execute([
    { kind: 'removeLun', wwn: WWN_A, lun: 0 },
    { kind: 'removeTpg', wwn: WWN_A },
    link(WWN_B, B),
  ]);
  expect(outcomes(results)).toEqual(['removeLun failed', 'removeTpg skipped', 'link done']);
  const [failed] = results;
  expect(failed?.outcome === 'failed' && failed.error.message).toMatch(
    /removeLun .*lun_0: ENOTEMPTY .*another program/,
  );
});

it('asks the guard right before an unlink, does nothing when it refuses, and releases it at the end', async () => {
  await executor().execute([link(WWN_A, A)]);
  const unlink: Step = { kind: 'unlink', wwn: WWN_A, lun: 0, backstore: A, link: A, hctl: '1:0:0:0' };
  const busy = executor({ guard: () => Promise.resolve({ allowed: false, error: new Error('mounted at /mnt') }) });
  const [refused] = await busy.execute([unlink]);
  expect(refused?.outcome === 'refused' && refused.error.message).toBe('mounted at /mnt');
  expect(existsSync(path('loopback', WWN_A, 'tpgt_0/lun/lun_0', A))).toBe(true);
  const release = jest.fn(() => Promise.resolve());
  const free = executor({ guard: () => Promise.resolve({ allowed: true, release }) });
  expect(outcomes(await free.execute([unlink]))).toEqual(['unlink done']);
  expect(release).toHaveBeenCalledTimes(1);
});

describe('a file that LIO is to serve', () => {
  const file = kernelBackstoreName(FILE_HBA, uid(3));
  const enable: Step = { kind: 'enableBackstore', backstore: file, filename: '/var/lib/scst/a.img' };
  beforeEach(() => mkdirSync(path('core', FILE_HBA, file), { recursive: true }));

  it('is descriptor 3 of the process that enables its backstore, and is closed here afterwards', async () => {
    const opened = join(root, 'a.img');
    writeFileSync(opened, 'data');
    const { answer } = hanging(file, FILE_HBA);
    const closed = jest.fn();
    const running = executor({
      openFile: async ({ filename }) => {
        expect(filename).toBe('/var/lib/scst/a.img');
        const handle = await openFile(opened);
        return { fd: handle.fd, close: () => handle.close().then(closed) };
      },
    }).execute([enable]);
    // Where the kernel would open /proc/self/fd/3, another program looks at it.
    await eventually(async () => {
      const [{ pid } = {}] = await readOpenSteps(records);
      expect(readlinkSync(`/proc/${pid}/fd/3`)).toBe(opened);
    });
    expect(closed).not.toHaveBeenCalled();
    expect(await answer()).toBe('1');
    expect(outcomes(await running)).toEqual(['enableBackstore done']);
    expect(closed).toHaveBeenCalledTimes(1);
  });

  it('reaches the kernel through the real program', async () => {
    writeFileSync(path('core', FILE_HBA, file, 'enable'), '');
    const opener = async () => {
      const handle = await openFile(root);
      return { fd: handle.fd, close: () => handle.close() };
    };
    expect(outcomes(await executor({ openFile: opener }).execute([enable]))).toEqual(['enableBackstore done']);
    expect(readFileSync(path('core', FILE_HBA, file, 'enable'), 'utf8')).toBe('1');
    expect(readdirSync(records)).toEqual([]);
  });

  it('that is refused when it is opened fails the step, and nothing is done', async () => {
    const openFile = () => Promise.reject(new Error('/var/lib/scst/a.img has two names'));
    const [failed] = await executor({ openFile }).execute([enable]);
    expect(failed?.outcome === 'failed' && failed.error.message).toContain('/var/lib/scst/a.img has two names');
    expect(existsSync(path('core', FILE_HBA, file, 'enable'))).toBe(false);
  });

  it('has no room for a comma in what is written to control', async () => {
    const create: Step = {
      kind: 'createBackstore',
      backstore: file,
      control: { fd_dev_name: '/proc/self/fd/3', fd_dev_size: '4096' },
      attributes: { udev_path: '/var/lib/scst/a, b.img' },
    };
    for (const name of ['control', 'udev_path']) writeFileSync(path('core', FILE_HBA, file, name), '');
    expect(outcomes(await executor().execute([create]))).toEqual(['createBackstore done']);
    expect(readFileSync(path('core', FILE_HBA, file, 'control'), 'utf8')).toBe(
      'fd_dev_name=/proc/self/fd/3,fd_dev_size=4096',
    );
    expect(readFileSync(path('core', FILE_HBA, file, 'udev_path'), 'utf8')).toBe('/var/lib/scst/a, b.img');
  });
});

describe('a step that the kernel holds up', () => {
  it('is pending past its deadline, keeps its record and its object busy, and is told of when it ends', async () => {
    const { answer } = hanging(A);
    const settled = new EventTarget();
    const ended = once(settled, 'settled');
    const slow = executor({ deadlineMs: 100, onSettled: () => settled.dispatchEvent(new Event('settled')) });
    const results = await slow.execute([{ kind: 'enableBackstore', backstore: A }]);
    expect(outcomes(results)).toEqual(['enableBackstore pending']);
    expect(await readOpenSteps(records)).toMatchObject([{ kind: 'enableBackstore', backstore: A }]);
    expect(await answer()).toBe('1');
    await ended;
    expect(await readOpenSteps(records)).toEqual([]);
  });

  it('outlives the agent: another one finds the record, and finds it gone when the step has ended', async () => {
    const { answer } = hanging(A);
    const agent = `
      const { StepExecutor, StepWorkers } = require(${JSON.stringify(join(__dirname, '../../../dist/node-agent/lio/index.js'))});
      const step = { kind: 'enableBackstore', backstore: ${JSON.stringify(A)} };
      const options = ${JSON.stringify({ recordsDir: records, configfs: join(root, 'target'), deadlineMs: 50 })};
      const workers = new StepWorkers(${JSON.stringify(nativeProgram('scst-step'))});
      new StepExecutor({ ...options, workers }).execute([step]).then(() => process.kill(process.pid, 'SIGKILL'));`;
    expect(() => execFileSync(process.execPath, ['-e', agent])).toThrow();
    expect(await readOpenSteps(records)).toMatchObject([{ kind: 'enableBackstore', backstore: A }]);
    expect(await answer()).toBe('1');
    while ((await readOpenSteps(records)).length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('keeps nobody from the next one, and its process does nothing else', async () => {
    const { answer } = hanging(A);
    const slow = executor({ deadlineMs: 100 });
    expect(outcomes(await slow.execute([{ kind: 'enableBackstore', backstore: A }]))).toEqual([
      'enableBackstore pending',
    ]);
    const [{ pid } = {}] = await readOpenSteps(records);
    expect(outcomes(await slow.execute([link(WWN_B, B)]))).toEqual(['link done']);
    expect(await answer()).toBe('1');
    await eventually(() => expect(existsSync(`/proc/${pid}`)).toBe(false));
  });

  it('fails when its process is killed, and the next one has another', async () => {
    hanging(A);
    const running = executor().execute([{ kind: 'enableBackstore', backstore: A }]);
    await eventually(async () => {
      const [{ pid } = {}] = await readOpenSteps(records);
      if (pid === undefined) throw new Error('the step hasn’t begun');
      process.kill(pid, 'SIGKILL');
    });
    const [killed] = await running;
    expect(killed?.outcome === 'failed' && killed.error.message).toMatch(/scst-step ended: SIGKILL/);
    expect(await readOpenSteps(records)).toEqual([]);
    expect(outcomes(await executor().execute([link(WWN_B, B)]))).toEqual(['link done']);
  });

  it('fails where its program isn’t there', async () => {
    const workers = new StepWorkers(join(root, 'nothing'));
    const [failed] = await executor({ workers }).execute([link(WWN_A, A)]);
    expect(failed?.outcome === 'failed' && failed.error.message).toMatch(/nothing can’t be started: ENOENT/);
  });
});

it('removes a record whose process is gone, also when another process has its number now', async () => {
  mkdirSync(records);
  const record = join(records, `link,${WWN_A},0,${A}.json`);
  const write = (content: object) => writeFileSync(record, JSON.stringify(content));
  write({ pid: 2 ** 22 + 1, startTime: '1' });
  expect(await readOpenSteps(records)).toEqual([]);
  write({ pid: process.pid, startTime: '1' });
  expect(await readOpenSteps(records)).toEqual([]);
  expect(existsSync(record)).toBe(false);
  const [, fields = ''] = readFileSync('/proc/self/stat', 'utf8').split(') ');
  write({ pid: process.pid, startTime: fields.split(' ')[19] });
  expect(await readOpenSteps(records)).toMatchObject([{ kind: 'link', wwn: WWN_A, lun: 0, backstore: A }]);
});

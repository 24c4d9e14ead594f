// Records of steps that are at work in the kernel: scst-step writes one before it begins and removes it at the end.
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Step } from '../diff/steps.js';

export interface OpenStep {
  /** Path of the record. */
  file: string;
  kind: Step['kind'];
  wwn?: string;
  lun?: number;
  backstore?: string;
  /** Of the process that carries it out; absent while it is writing the record. */
  pid?: number;
}

/** Older than this, an unreadable record was left by a process that was killed while it wrote it. */
const WRITING_MS = 10_000;

/** Name of a step's record: it says which object is busy, whatever became of the content. */
export function recordName(step: Step): string {
  const wwn = 'wwn' in step ? step.wwn : '';
  const lun = 'lun' in step ? step.lun : '';
  const backstore = 'backstore' in step ? step.backstore : '';
  return `${[step.kind, wwn, lun, backstore].join(',')}.json`;
}

/** The open steps of a directory. Records of processes that are gone are removed: configfs shows what they effected. */
export async function readOpenSteps(directory: string, proc = '/proc'): Promise<OpenStep[]> {
  const names = await readdir(directory).catch(absentAs<string[]>([]));
  const steps = await Promise.all(
    names.map(async (name) => {
      const open = parseName(join(directory, name), name);
      if (open === undefined) return undefined;
      const process = await readProcess(open.file);
      if (await isAlive(process, open.file, proc)) return process === undefined ? open : { ...open, pid: process.pid };
      await rm(open.file, { force: true });
      return undefined;
    }),
  );
  return steps.filter((step) => step !== undefined);
}

function parseName(file: string, name: string): OpenStep | undefined {
  const [, kind, wwn, lun, backstore] = /^([A-Za-z]+),([^,]*),(\d*),([^,]*)\.json$/.exec(name) ?? [];
  if (kind === undefined) return undefined;
  return {
    file,
    kind: kind as Step['kind'],
    ...(wwn !== '' && { wwn }),
    ...(lun !== '' && { lun: Number(lun) }),
    ...(backstore !== '' && { backstore }),
  };
}

interface StepProcess {
  pid: number;
  /** Field 22 of /proc/<pid>/stat: with the pid it names a process uniquely until the next boot. */
  startTime: string;
}

async function readProcess(file: string): Promise<StepProcess | undefined> {
  const text = await readFile(file, 'utf8').catch(absentAs(''));
  try {
    const { pid, startTime } = JSON.parse(text) as Partial<Record<keyof StepProcess, unknown>>;
    if (typeof pid !== 'number') return undefined;
    if (typeof startTime !== 'number' && typeof startTime !== 'string') return undefined;
    return { pid, startTime: String(startTime) };
  } catch {
    return undefined;
  }
}

async function isAlive(process: StepProcess | undefined, file: string, proc: string): Promise<boolean> {
  if (process === undefined) {
    const info = await stat(file).catch(absentAs(undefined));
    return info !== undefined && Date.now() - info.mtimeMs < WRITING_MS;
  }
  const text = await readFile(join(proc, String(process.pid), 'stat'), 'utf8').catch(() => '');
  // comm (field 2) may hold spaces and parentheses, so fields are counted from the last parenthesis.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[19] === process.startTime && fields[0] !== 'Z';
}

function absentAs<Value>(value: Value): (error: NodeJS.ErrnoException) => Value {
  return (error) => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
}

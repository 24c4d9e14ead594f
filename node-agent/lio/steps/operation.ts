// What a step does to configfs: plain file operations, and which of them may block (pure).
import { join } from 'node:path';
import type { Step } from '../diff/steps.js';
import { hbaOf } from '../naming.js';
import type { LioPaths } from '../paths.js';

/** Carried out in this process: the kernel answers at once. */
export type DirectOperation =
  | { kind: 'mkdir'; path: string }
  | { kind: 'write'; path: string; value: string }
  /** Writes to `path` what the kernel kept for the unit serial. */
  | { kind: 'restoreRegistrations'; path: string; serial: string };

/** Carried out by scst-step in a process of its own: may sleep uninterruptibly until the engine answers. */
export type BlockingOperation =
  | { kind: 'write'; path: string; value: string }
  /** The kernel finds the opened file as descriptor 3 of the process. */
  | { kind: 'writeWithFile'; path: string; value: string; filename: string }
  | { kind: 'symlink'; target: string; path: string }
  | { kind: 'unlink'; path: string }
  | { kind: 'rmdir'; path: string };

export type Operations =
  | { blocking: false; operations: DirectOperation[] }
  /** settled: errors by which the kernel says that this was done before. */
  | { blocking: true; operation: BlockingOperation; settled: string[] };

export function operationsOf(step: Step, paths: LioPaths): Operations {
  switch (step.kind) {
    case 'createBackstore':
      return direct([
        { kind: 'mkdir', path: paths.hba(hbaOf(step.backstore)) },
        { kind: 'mkdir', path: paths.backstore(step.backstore) },
        { kind: 'write', path: join(paths.backstore(step.backstore), 'control'), value: assignments(step.control) },
        ...writes(paths.backstore(step.backstore), step.attributes),
        ...restore(paths.backstore(step.backstore), step.serial),
      ]);
    case 'enableBackstore': {
      const path = join(paths.backstore(step.backstore), 'enable');
      if (step.filename === undefined) return write(path, '1', 'EEXIST');
      const { filename } = step;
      return { blocking: true, operation: { kind: 'writeWithFile', path, value: '1', filename }, settled: ['EEXIST'] };
    }
    case 'setAttributes':
      return direct(writes(paths.backstore(step.backstore), step.attributes));
    case 'changeBackstore': {
      const path = join(paths.backstore(step.backstore), 'control');
      return direct([{ kind: 'write', path, value: assignments(step.control) }]);
    }
    case 'removeBackstore':
      return rmdir(paths.backstore(step.backstore));
    case 'createSession':
      return direct([
        { kind: 'mkdir', path: paths.loopback },
        { kind: 'mkdir', path: paths.session(step.wwn) },
        { kind: 'mkdir', path: paths.tpg(step.wwn) },
      ]);
    case 'setNexus':
      return write(join(paths.tpg(step.wwn), 'nexus'), step.nexus);
    case 'dropNexus':
      return write(join(paths.tpg(step.wwn), 'nexus'), 'NULL', 'ENODEV');
    case 'createLun':
      return direct([{ kind: 'mkdir', path: paths.lun(step.wwn, step.lun) }]);
    case 'link': {
      const path = join(paths.lun(step.wwn, step.lun), step.link);
      const target = paths.backstore(step.backstore);
      return { blocking: true, operation: { kind: 'symlink', target, path }, settled: ['EEXIST'] };
    }
    case 'unlink': {
      const path = join(paths.lun(step.wwn, step.lun), step.link);
      return { blocking: true, operation: { kind: 'unlink', path }, settled: ['ENOENT'] };
    }
    case 'removeLun':
      return rmdir(paths.lun(step.wwn, step.lun));
    case 'removeTpg':
      return rmdir(paths.tpg(step.wwn));
    case 'removeSession':
      return rmdir(paths.session(step.wwn));
    case 'removeHba':
      return rmdir(paths.hba(step.hba));
  }
}

/** What scst-step is told after the record; after that of writeWithFile comes the descriptor. */
export function argumentsOf(operation: BlockingOperation): string[] {
  switch (operation.kind) {
    case 'write':
    case 'writeWithFile':
      return [operation.kind, operation.path, operation.value];
    case 'symlink':
      return ['symlink', operation.target, operation.path];
    default:
      return [operation.kind, operation.path];
  }
}

function direct(operations: DirectOperation[]): Operations {
  return { blocking: false, operations };
}

/** To files by their paths below a directory. */
function writes(directory: string, values: Readonly<Record<string, string>>): DirectOperation[] {
  return Object.entries(values).map(([name, value]) => ({ kind: 'write', path: join(directory, name), value }));
}

function restore(backstore: string, serial: string | undefined): DirectOperation[] {
  if (serial === undefined) return [];
  return [{ kind: 'restoreRegistrations', path: join(backstore, 'pr/res_aptpl_metadata'), serial }];
}

function write(path: string, value: string, ...settled: string[]): Operations {
  return { blocking: true, operation: { kind: 'write', path, value }, settled };
}

function rmdir(path: string): Operations {
  return { blocking: true, operation: { kind: 'rmdir', path }, settled: ['ENOENT'] };
}

/** The kernel splits `control` at commas, so no value may hold one; ours are numbers, scst/<uid> and /proc/self/fd/3. */
function assignments(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

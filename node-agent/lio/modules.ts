// Kernel modules and configfs: there when the node starts, or loaded and mounted here, or a clear word what is missing.
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exists } from '../files/exists.js';

const run = promisify(execFile);

export interface KernelModule {
  name: string;
  /** Kernel option, for people who build their own. */
  option: string;
  /** Something that exists as soon as the module works, whether loaded or built in. */
  evidence: string;
}

/** In the order in which they are loaded. */
export const MODULES: readonly KernelModule[] = [
  { name: 'target_core_mod', option: 'CONFIG_TARGET_CORE', evidence: 'module/target_core_mod' },
  { name: 'target_core_user', option: 'CONFIG_TCM_USER2', evidence: 'module/target_core_user' },
  { name: 'tcm_loop', option: 'CONFIG_LOOPBACK_TARGET', evidence: 'bus/tcm_loop_bus' },
  { name: 'sd_mod', option: 'CONFIG_BLK_DEV_SD', evidence: 'bus/scsi/drivers/sd' },
  { name: 'sg', option: 'CONFIG_CHR_DEV_SG', evidence: 'class/scsi_generic' },
];

export interface KernelPaths {
  /** Default: /sys. */
  sys?: string;
  /** Default: /proc/mounts. */
  mounts?: string;
  /** Runs a program; replaceable for tests. */
  execute?: Execute;
}
type Execute = (command: string, args: readonly string[]) => Promise<unknown>;

/** `code`: its exit code, or why it couldn't be started, such as ENOENT. */
type ProgramFailed = Error & { code?: number | string; stderr?: string };

/** Something that the node's kernel lacks, and what a person can do. */
export class KernelLacks extends Error {
  constructor(
    readonly code: 'ModuleMissing' | 'ConfigfsNotMounted',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Loads what isn't there and mounts configfs. Reads before it acts; throws KernelLacks with the first thing missing. */
export async function ensureKernel(paths: KernelPaths = {}): Promise<void> {
  const { sys = '/sys', execute = (command, args) => run(command, [...args]) } = paths;
  await ensureModules(sys, execute);
  await ensureConfigfs(sys, paths.mounts ?? '/proc/mounts', execute);
  const target = join(sys, 'kernel/config/target');
  if (!(await exists(target))) {
    // target_core_mod makes it when it is loaded, and with configfs mounted it can't be anything else.
    throw new KernelLacks(
      'ConfigfsNotMounted',
      `${target} is missing although target_core_mod is loaded: is configfs mounted there?`,
    );
  }
  await Promise.all(['core', 'loopback'].map((name) => mkdir(join(target, name), { recursive: true })));
}

async function ensureModules(sys: string, execute: Execute): Promise<void> {
  const missing = await missingOf(MODULES, sys);
  if (missing.length === 0) return;
  // All by one process: to start one is what takes time.
  await execute('modprobe', ['-a', ...missing.map(({ name }) => name)]).catch(async (error: ProgramFailed) => {
    const [module] = await missingOf(missing, sys);
    if (module === undefined) return;
    const message = error.code === 'ENOENT' ? noModprobe(module) : missingModule(module, saidBy(error));
    throw new KernelLacks('ModuleMissing', message, { cause: error });
  });
}

async function missingOf(modules: readonly KernelModule[], sys: string): Promise<KernelModule[]> {
  const found = await Promise.all(modules.map(({ evidence }) => exists(join(sys, evidence))));
  return modules.filter((_, at) => !found[at]);
}

async function ensureConfigfs(sys: string, mounts: string, execute: Execute): Promise<void> {
  const point = join(sys, 'kernel/config');
  const text = await readFile(mounts, 'utf8');
  if (text.split('\n').some((line) => line.split(' ')[1] === point)) return;
  await execute('mount', ['-t', 'configfs', 'configfs', point]).catch((error: ProgramFailed) => {
    throw new KernelLacks(
      'ConfigfsNotMounted',
      `configfs can't be mounted at ${point}: ${saidBy(error)}. ` +
        `Mount it (mount -t configfs configfs ${point}); in a container the host's has to be mounted there, and /sys writable`,
      { cause: error },
    );
  });
}

/** What the program said; nothing where it couldn't be started. */
function saidBy({ stderr, message }: ProgramFailed): string {
  return stderr?.trim() || message;
}

function noModprobe({ name }: KernelModule): string {
  return (
    `the kernel module ${name} isn't loaded, and there is no modprobe here to load it: install kmod, or have it loaded ` +
    'when the node starts (a file below /etc/modules-load.d). It is tried again every few seconds'
  );
}

function missingModule({ name, option }: KernelModule, said: string): string {
  return (
    `the kernel module ${name} can't be loaded: ${said}. It is part of Debian's kernel packages; on Ubuntu install ` +
    `linux-modules-extra-$(uname -r), on RHEL and Fedora kernel-modules-extra; a kernel of your own needs ${option}=m. ` +
    'In a container /lib/modules of the host has to be mounted. It is tried again every few seconds'
  );
}

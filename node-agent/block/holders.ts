// Who uses a block device: mounts, swap, stacked devices and processes that have it open.
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

export interface HolderOptions {
  /** Default: /proc. */
  proc?: string;
  /** Default: /sys. */
  sys?: string;
}

/**
 * Descriptions for people, such as `mounted at /mnt`, `held by dm-0 (vg-data)`, `opened by fio (pid 42)`. Our own
 * process and udevd, which looks at every device for a moment, don't count.
 */
export async function findHolders(
  block: string,
  { proc = '/proc', sys = '/sys' }: HolderOptions = {},
): Promise<string[]> {
  const names = [block, ...(await partitionsOf(block, sys))];
  const read = await Promise.all(names.map((name) => readText(join(sys, 'class/block', name, 'dev'))));
  // A partition may be on its way out.
  const numbers = new Set(read.filter((number) => number !== undefined));
  const [stacked, processes] = await Promise.all([
    Promise.all(names.map((name) => stackedOn(name, sys))),
    processHolders(names, numbers, proc),
  ]);
  return [...new Set([...stacked.flat(), ...processes])].sort();
}

async function partitionsOf(block: string, sys: string): Promise<string[]> {
  return (await list(join(sys, 'class/block', block))).filter((name) => name.startsWith(block));
}

async function stackedOn(name: string, sys: string): Promise<string[]> {
  const holders = await list(join(sys, 'class/block', name, 'holders'));
  return Promise.all(
    holders.map(async (holder) => {
      const alias = await readText(join(sys, 'class/block', holder, 'dm/name'));
      return `held by ${holder}${alias === undefined ? '' : ` (${alias})`}`;
    }),
  );
}

async function processHolders(names: readonly string[], numbers: ReadonlySet<string>, proc: string): Promise<string[]> {
  const nodes = new Set(names.map((name) => `/dev/${name}`));
  const found: string[] = [];
  const seenNamespaces = new Set<string>();
  for (const pid of (await list(proc)).filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue;
    const namespace = await readlink(join(proc, pid, 'ns/mnt')).catch(() => pid);
    const mounts = seenNamespaces.has(namespace) ? [] : await mountsOf(pid, numbers, proc);
    seenNamespaces.add(namespace);
    found.push(...mounts.map((point) => `mounted at ${point}`));
    if (await hasOpen(pid, nodes, proc)) {
      const description = await describeProcess(pid, proc);
      if (description !== undefined) found.push(`opened by ${description}`);
    }
  }
  return found;
}

/** Mount points of the devices, as the process sees them (mountinfo: field 3 is major:minor, field 5 the mount point). */
async function mountsOf(pid: string, numbers: ReadonlySet<string>, proc: string): Promise<string[]> {
  const text = (await readText(join(proc, pid, 'mountinfo'))) ?? '';
  return text
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => numbers.has(fields[2] ?? ''))
    .map((fields) => (fields[4] ?? '').replace(/\\040/g, ' '));
}

async function hasOpen(pid: string, nodes: ReadonlySet<string>, proc: string): Promise<boolean> {
  const directory = join(proc, pid, 'fd');
  for (const fd of await list(directory)) {
    const target = await readlink(join(directory, fd)).catch(() => undefined);
    if (target !== undefined && nodes.has(target)) return true;
  }
  return false;
}

/** `name (pid N)`, with the pod where it is in one; undefined for udevd and for a process that is gone. */
async function describeProcess(pid: string, proc: string): Promise<string | undefined> {
  const name = await readText(join(proc, pid, 'comm'));
  if (name === undefined || /udevd|udev-worker/.test(name)) return undefined;
  const cgroup = (await readText(join(proc, pid, 'cgroup'))) ?? '';
  const pod = /pod([0-9a-f]{8}[-_][0-9a-f_-]{27})/.exec(cgroup)?.[1]?.replaceAll('_', '-');
  return `${name} (pid ${pid}${pod === undefined ? '' : `, pod ${pod}`})`;
}

async function list(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').then(
    (text) => text.trimEnd(),
    () => undefined,
  );
}

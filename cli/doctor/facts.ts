// What `scst doctor` looks up on the machine that it runs on.
import { readdir, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import type { NodeFacts } from './diagnose.js';

const SAVED = ['/etc/target/saveconfig.json', '/etc/rtslib-fb-target/saveconfig.json'];

export async function gatherFacts(): Promise<NodeFacts> {
  const [builtIn, loaded, filesystems, processes, multipathConfiguration, ...saved] = await Promise.all([
    text(join('/lib/modules', release(), 'modules.builtin')),
    names('/sys/module'),
    text('/proc/mounts'),
    processNames(),
    text('/etc/multipath.conf'),
    ...SAVED.map(text),
  ]);
  const inKernel = [...(builtIn ?? '').matchAll(/([^/\n]+)\.ko$/gm)].map(([, name = '']) => name.replaceAll('-', '_'));
  return {
    modules: new Set([...loaded, ...inKernel]),
    configfs: / \/sys\/kernel\/config configfs /.test(filesystems ?? ''),
    processes,
    ...(multipathConfiguration !== undefined && { multipathConfiguration }),
    savedConfigurationHasOurs: saved.some((content) => /"name": "scst-[0-9a-f-]{36}/.test(content ?? '')),
  };
}

async function processNames(): Promise<Set<string>> {
  const pids = (await names('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => text(join('/proc', pid, 'comm'))));
  return new Set(found.flatMap((name) => (name === undefined ? [] : [name.trim()])));
}

async function names(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}

/** Undefined where there is no such file, or no longer. */
async function text(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

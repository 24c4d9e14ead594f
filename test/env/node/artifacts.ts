// Where the parts of a node lie: what setup.sh made, and the scripts of this folder (which tsc doesn't copy to dist/).
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { TestNodeError } from './errors.js';

export type NodeKernel = 'uml' | 'qemu';

export interface KernelArtifacts {
  /** `linux`, or `vmlinuz` and `initrd`. */
  readonly folder: string;
  /** What becomes /lib/modules in the guest. */
  readonly modules: string;
  /** As `uname -r` prints it. */
  readonly release: string;
}

/** The folder of the scripts, found from the sources as well as from dist/. */
export function scriptFolder(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) {
      throw new TestNodeError('NOT_SET_UP', `there is no package.json above ${__dirname}`);
    }
    folder = dirname(folder);
  }
  return join(folder, 'test/env/node');
}

/** What is kept from one checkout to the next; the shell scripts beside this find it alike. */
export function cacheFolder(): string {
  return process.env['SCST_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'scst-k8s');
}

/** What setup.sh made for a kind of node. Throws NOT_SET_UP. */
export function kernelArtifacts(kernel: NodeKernel): KernelArtifacts {
  const link = join(cacheFolder(), 'node', kernel);
  if (!existsSync(link)) {
    throw new TestNodeError('NOT_SET_UP', `${link} doesn't exist: run test/env/node/setup.sh ${kernel}`);
  }
  // The folder itself, so that a set-up at the same time doesn't change it under a running node.
  const folder = realpathSync(link);
  return { folder, modules: join(folder, 'modules'), release: readFileSync(join(folder, 'release'), 'utf8').trim() };
}

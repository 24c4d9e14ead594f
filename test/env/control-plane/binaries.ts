// Finds the control plane's binaries in the cache, or has build.sh make them.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { outputOf, runCommand } from './command.js';
import { ControlPlaneError } from './errors.js';

const RELATIVE = join('test', 'env', 'control-plane', 'build.sh');

/** The script in the checkout, also when this module runs compiled, from the output folder. */
function buildScript(): string {
  for (let folder = __dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const script = join(folder, RELATIVE);
    if (existsSync(script)) {
      return script;
    }
  }
  throw new ControlPlaneError('NOT_BUILT', `${RELATIVE} isn't above ${__dirname}`);
}

/** The folder of kube-apiserver, etcd, kubectl and helm, or of those named; `NOT_BUILT` if one is missing. */
export async function findBinaries(components: readonly string[] = []): Promise<string> {
  const script = buildScript();
  const result = await runCommand(script, ['--print', ...components]);
  if (result.code === 3) {
    const command = [script, ...components].join(' ');
    const message = `not built: run ${command} (4 to 8 minutes on 2 cores, once)`;
    throw new ControlPlaneError('NOT_BUILT', message);
  }
  return outputOf(script, result).trim();
}

/** Builds what is missing, with build.sh's progress on standard error, and answers the folder. */
export async function buildBinaries(): Promise<string> {
  const script = buildScript();
  return outputOf(script, await runCommand(script, [], { showProgress: true })).trim();
}

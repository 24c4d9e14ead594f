// Builds the C test programs and runs one of them.
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

export interface Outcome {
  code: number | null;
  output: string;
}

/** Throws with the compiler's words where they can't be built. */
export function buildPrograms(): void {
  const { code, output } = run('make', ['-s', '-C', __dirname]);
  if (code !== 0) throw new Error(output);
}

export function runProgram(name: string): Outcome {
  return run(join(ROOT, 'build/native/test', name), []);
}

function run(command: string, args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 100_000 });
  return { code: status, output: `${stdout}${stderr}` };
}

// Runs a program to its end and collects what it says.
import { spawn } from 'node:child_process';
import { ControlPlaneError } from './errors.js';

export interface CommandResult {
  /** The exit status; -1 if a signal ended the program. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Written to standard input, which is then closed. */
  readonly input?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Standard error goes to this process's own instead of into the result: for programs that report progress. */
  readonly showProgress?: boolean;
}

/** Resolves whatever the exit status; rejects with `MISSING_TOOL` only if the program can't be started. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: options.environment ?? process.env,
      stdio: ['pipe', 'pipe', options.showProgress ? 'inherit' : 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A program may end without reading its input: its exit status tells, not the broken pipe.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
    child.on('error', (cause) => {
      reject(new ControlPlaneError('MISSING_TOOL', `${program} can't be started: ${cause.message}`, { cause }));
    });
    child.on('close', (code) => {
      resolve({ code: code ?? -1, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
  });
}

/** The result's standard output; throws `COMMAND_FAILED` with everything it said if the exit status isn't 0. */
export function outputOf(described: string, result: CommandResult): string {
  if (result.code !== 0) {
    const said = [result.stderr.trim(), result.stdout.trim()].filter((text) => text !== '').join('\n');
    throw new ControlPlaneError('COMMAND_FAILED', `${described} failed with exit status ${result.code}:\n${said}`);
  }
  return result.stdout;
}

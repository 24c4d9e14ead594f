// Runs a blocking operation in a process of its own (scst-step), which outlives a deadline and this process.
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { argumentsOf, type BlockingOperation } from './operation.js';

export interface ChildOutcome {
  /** Absent: done. */
  failure?: { errno: string; text: string };
}

export interface RunningChild {
  /** Resolves when the process ends, however late. Never rejects. */
  ended: Promise<ChildOutcome>;
  /** From now on the process doesn't keep this one alive. */
  detach(): void;
}

/** In place of a record's path: the operation is none of those that are looked for after a restart. */
const NO_RECORD = '-';

/**
 * Starts `program record operation…`. The kernel may hold the process in D state, where no signal reaches it; so it is
 * a session leader of its own and stays when this process goes. `file` becomes its descriptor 3.
 */
export function startChild(program: string, record: string, operation: BlockingOperation, file?: number): RunningChild {
  const child = spawn(program, [record, ...argumentsOf(operation)], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe', ...(file === undefined ? [] : [file])],
  });
  const errors = child.stderr as Socket;
  let stderr = '';
  errors.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const ended = new Promise<ChildOutcome>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ failure: { errno: 'UNKNOWN', text: `${program} can’t be started: ${error.code ?? error.message}` } }),
    );
    child.once('close', (code, signal) => resolve(code === 0 ? {} : { failure: failureOf(stderr, code, signal) }));
  });
  return {
    ended,
    detach: () => {
      child.unref();
      errors.unref();
    },
  };
}

/**
 * Writes to a file of the kernel in a process of its own, and waits at most `milliseconds` for it: undefined is a write that
 * the kernel still works at. `ended` tells of its end, however late.
 */
export async function writeBriefly(
  program: string,
  path: string,
  value: string,
  milliseconds: number,
): Promise<{ outcome: ChildOutcome | undefined; ended: Promise<ChildOutcome> }> {
  const child = startChild(program, NO_RECORD, { kind: 'write', path, value });
  const limit = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: limit.signal }).catch(() => undefined);
  const outcome = await Promise.race([child.ended, late]);
  limit.abort();
  child.detach();
  return { outcome, ended: child.ended };
}

function failureOf(stderr: string, code: number | null, signal: string | null): { errno: string; text: string } {
  const [, errno, text] = /^(E[A-Z0-9]+): (.*)$/m.exec(stderr) ?? [];
  if (errno !== undefined && text !== undefined) return { errno, text };
  const end = signal === null ? `exit code ${code}` : `killed by ${signal}`;
  return { errno: 'UNKNOWN', text: [end, stderr.trim()].filter((part) => part !== '').join(': ') };
}

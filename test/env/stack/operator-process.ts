// scst-operator as a process of its own, with its log in a file.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { eventually } from './eventually.js';
import { built } from './paths.js';

/** On a machine that does much else at the same time. */
const READY_MS = 60_000;

export class OperatorProcess {
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;
  /** Where this process's part of the log begins: the operator before it wrote to the same file. */
  private readonly logStart: number;

  private constructor(
    readonly logFile: string,
    args: readonly string[],
  ) {
    const log = openSync(logFile, 'a');
    this.logStart = fstatSync(log).size;
    const env = { PATH: process.env['PATH'], HOME: '/nonexistent' };
    this.child = spawn(built('bin/scst-operator'), args, { stdio: ['ignore', log, log], env });
    closeSync(log);
    this.exited = new Promise((settle) => this.child.once('exit', () => settle()));
  }

  /** Resolves when it is ready; throws with the end of its log when it ends instead. */
  static async start(logFile: string, args: readonly string[]): Promise<OperatorProcess> {
    const operator = new OperatorProcess(logFile, ['--metrics-port=0', ...args]);
    const ready = async (): Promise<void> => {
      const port = /"port":(\d+)/.exec(operator.log())?.[1];
      const response = await fetch(`http://127.0.0.1:${port}/readyz`);
      if (!response.ok) throw new Error(await response.text());
    };
    const ended = operator.exited.then(() => {
      throw new Error(`scst-operator ended: ${operator.log().slice(-2_000)}`);
    });
    ended.catch(() => undefined);
    try {
      await Promise.race([eventually(ready, READY_MS), ended]);
    } catch (error) {
      await operator.kill();
      throw error;
    }
    return operator;
  }

  log(): string {
    return readFileSync(this.logFile).subarray(this.logStart).toString();
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.child.kill(signal);
    await this.exited;
  }
}

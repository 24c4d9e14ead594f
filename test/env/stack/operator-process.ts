// scst-operator as a process of its own, with its log in a file.
import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { eventually } from './eventually.js';
import { built } from './paths.js';

export class OperatorProcess {
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;

  private constructor(
    readonly logFile: string,
    args: readonly string[],
  ) {
    const log = openSync(logFile, 'a');
    const env = { PATH: process.env['PATH'], HOME: '/nonexistent' };
    this.child = spawn(built('bin/scst-operator'), args, { stdio: ['ignore', log, log], env });
    this.exited = new Promise((settle) => this.child.once('exit', () => settle()));
  }

  /** Resolves when it is ready; throws with the end of its log when it ends instead. */
  static async start(logFile: string, args: readonly string[]): Promise<OperatorProcess> {
    const operator = new OperatorProcess(logFile, ['--metrics-port=0', ...args]);
    await eventually(async () => {
      if (operator.child.exitCode !== null) throw new Error(`scst-operator ended: ${operator.log().slice(-2_000)}`);
      const port = /"port":(\d+)/.exec(operator.log())?.[1];
      const response = await fetch(`http://127.0.0.1:${port}/readyz`);
      if (!response.ok) throw new Error(await response.text());
    });
    return operator;
  }

  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.child.kill(signal);
    await this.exited;
  }
}

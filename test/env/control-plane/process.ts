// A long-running component: started in the background, watched while it starts, stopped for certain.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlPlaneError } from './errors.js';

const STOP_GRACE_MILLISECONDS = 5000;
const POLL_MILLISECONDS = 100;
const PROGRESS_MILLISECONDS = 2000;
const LOG_TAIL_LINES = 25;

export interface ReadinessOptions {
  readonly timeoutMilliseconds: number;
  /** Called every two seconds while waiting. */
  readonly progress: (line: string) => void;
}

export class Component {
  private readonly child: ChildProcess;
  private readonly ended: Promise<void>;
  private endedAs: string | undefined;

  /** Starts `program`; what it writes is appended to `logFile`. */
  constructor(
    readonly name: string,
    program: string,
    args: readonly string[],
    private readonly logFile: string,
  ) {
    const log = openSync(logFile, 'a');
    // The death signal takes the component along if this process is killed; not SIGTERM, after which an API server that
    // lost its etcd lives on for a minute. A group of its own keeps a terminal's Ctrl-C away from it: whoever started it
    // stops it, in the right order.
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      this.child.once('error', (cause) => {
        this.endedAs = `setpriv (package util-linux) can't be started: ${cause.message}`;
        resolve();
      });
      this.child.once('exit', (code, signal) => {
        this.endedAs ??= signal === null ? `exit status ${code}` : `signal ${signal}`;
        resolve();
      });
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get running(): boolean {
    return this.endedAs === undefined;
  }

  /** Resolves when `probe` answers true; rejects with the log's end if the component ends or the time is over. */
  async untilReady(probe: () => Promise<boolean>, options: ReadinessOptions): Promise<void> {
    const started = Date.now();
    let nextProgress = started + PROGRESS_MILLISECONDS;
    while (!(await probe())) {
      if (!this.running) {
        throw new ControlPlaneError('EXITED', `${this.name} ended (${this.endedAs}) while starting\n${this.logTail()}`);
      }
      const now = Date.now();
      if (now - started > options.timeoutMilliseconds) {
        const seconds = Math.round((now - started) / 1000);
        throw new ControlPlaneError('NOT_READY', `${this.name} isn't ready after ${seconds} s\n${this.logTail()}`);
      }
      if (now >= nextProgress) {
        options.progress(`waiting for ${this.name} (${Math.round((now - started) / 1000)} s)`);
        nextProgress += PROGRESS_MILLISECONDS;
      }
      await Promise.race([delay(POLL_MILLISECONDS), this.ended]);
    }
  }

  /** SIGTERM, after five seconds SIGKILL; resolves when the process is gone. */
  async stop(): Promise<void> {
    if (!this.running) {
      return;
    }
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_GRACE_MILLISECONDS);
    await this.ended;
    clearTimeout(timer);
  }

  private logTail(): string {
    const lines = readFileSync(this.logFile, 'utf8').trimEnd().split('\n');
    return `last lines of ${this.logFile}:\n${lines.slice(-LOG_TAIL_LINES).join('\n')}`;
  }
}

// A virtual machine as a process of the host: started with its command channel, watched, killed for certain.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Duplex } from 'node:stream';
import type { Launch } from './launch.js';

export class VirtualMachine {
  /** Resolves, when the machine has gone, with how: `exit status 0`, `signal SIGKILL`. */
  readonly exited: Promise<string>;
  /** The host's end of the command channel. */
  readonly channel: Duplex;
  private readonly child: ChildProcess;
  private endedAs: string | undefined;

  constructor(launch: Launch, consoleFile: string) {
    const output = openSync(consoleFile, 'a');
    // The death signal takes the machine along if this process is killed.
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', launch.program, ...launch.args], {
      stdio: ['ignore', output, output, 'pipe'],
      env: launch.env,
      detached: true,
    });
    closeSync(output);
    if (this.child.pid !== undefined) setNiceness(this.child.pid, launch.niceness);
    this.channel = this.child.stdio[3] as Duplex;
    this.exited = new Promise((resolve) => {
      const end = (as: string): void => {
        this.endedAs ??= as;
        resolve(this.endedAs);
      };
      this.child.once('error', (cause) => end(`can't start setpriv: ${cause.message}`));
      this.child.once('exit', (code, signal) => end(signal === null ? `exit status ${code}` : `signal ${signal}`));
    });
  }

  get running(): boolean {
    return this.endedAs === undefined;
  }

  /** Kills it at once, as a power failure would; resolves when it has gone. */
  async kill(): Promise<void> {
    const { pid } = this.child;
    if (this.running && pid !== undefined) {
      const [inner, ...others] = childrenOf(pid);
      if (inner !== undefined && others.length === 0) {
        // UML. The processes that it traces would run on for a moment, outside the guest, if it went before they do.
        signal(inner, 'SIGSTOP');
        childrenOf(inner).forEach((traced) => signal(traced, 'SIGKILL'));
      }
      this.child.kill('SIGKILL');
    }
    await this.exited;
  }
}

/** Of the session of processes: Linux shares the CPUs out among sessions first, where it groups tasks by them (sched(7)). */
function setNiceness(session: number, niceness: number): void {
  try {
    setPriority(session, niceness);
    writeFileSync(`/proc/${session}/autogroup`, String(niceness));
  } catch {
    // Not grouped, not privileged, or ended at once: as it is.
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has gone by itself.
  }
}

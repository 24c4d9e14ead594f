// Processes that carry out blocking operations: each one at a time, and none is waited for that the kernel holds.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { withinDeadline } from '../deadline.js';
import { argumentsOf, type BlockingOperation } from './operation.js';
import { raisePriorityOf } from './priority.js';

export interface OperationOutcome {
  /** Absent: done. */
  failure?: { errno: string; text: string };
}

export interface RunningOperation {
  /** Resolves when the operation ends, however late. Never rejects. */
  ended: Promise<OperationOutcome>;
  /** Its process does nothing else any more, and ends with it. */
  abandon(): void;
}

/** In place of a record's path: the operation is none of those that are looked for after a restart. */
const NO_RECORD = '-';

/**
 * The kernel may hold a process in D state, where no signal reaches it and nothing that it has can be taken from it: so what may
 * block isn't done by the agent. A process is kept for the next operation, because starting one costs more than most of them.
 */
export class StepWorkers {
  private readonly idle: StepWorker[] = [];

  /** `program`: path of scst-step. */
  constructor(private readonly program: string) {}

  /** `record`: see step.c. `file`: descriptor that the kernel finds as /proc/self/fd/3; to be kept open until the end. */
  start(operation: BlockingOperation, record = NO_RECORD, file?: number): RunningOperation {
    const worker = this.takeIdle() ?? new StepWorker(this.program);
    let over = false;
    const texts = [record, ...argumentsOf(operation), ...(file === undefined ? [] : [String(file)])];
    const ended = worker.carryOut(texts).then((outcome) => {
      over = true;
      if (worker.usable) this.idle.push(worker);
      return outcome;
    });
    return {
      ended,
      abandon: () => {
        if (!over) worker.endAfterwards();
      },
    };
  }

  /**
   * Writes to a file of the kernel, and waits at most `milliseconds` for it: an undefined outcome is a write that the kernel still
   * works at. `ended` tells of its end, however late.
   */
  async writeBriefly(
    path: string,
    value: string,
    milliseconds: number,
  ): Promise<{ outcome: OperationOutcome | undefined; ended: Promise<OperationOutcome> }> {
    const running = this.start({ kind: 'write', path, value });
    const outcome = await within(running, milliseconds);
    return { outcome, ended: running.ended };
  }

  /** One may have been killed while it had nothing to do. */
  private takeIdle(): StepWorker | undefined {
    for (;;) {
      const worker = this.idle.pop();
      if (worker === undefined || worker.usable) return worker;
    }
  }
}

/** The outcome of an operation, or undefined where it takes longer: then it is abandoned. */
export async function within(running: RunningOperation, milliseconds: number): Promise<OperationOutcome | undefined> {
  const outcome = await withinDeadline(running.ended, milliseconds);
  if (outcome === undefined) running.abandon();
  return outcome;
}

class StepWorker {
  private readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
  private answer: ((outcome: OperationOutcome) => void) | undefined;
  private stderr = '';
  usable = true;

  constructor(program: string) {
    // A session leader of its own: it stays when this process goes, and no signal of a terminal ends it in the middle.
    this.process = spawn(program, [], { detached: true, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] });
    if (this.process.pid !== undefined) raisePriorityOf(this.process.pid);
    this.process.once('error', (error: NodeJS.ErrnoException) =>
      this.lost(`${program} can’t be started: ${error.code ?? error.message}`),
    );
    this.process.once('close', (code, signal) =>
      this.lost([`${program} ended: ${signal ?? `exit code ${code}`}`, this.stderr.trim()].filter(Boolean).join(': ')),
    );
    this.process.stdin.on('error', () => undefined); // Its end is what tells.
    this.process.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    createInterface({ input: this.process.stdout }).on('line', (line) => this.settle(outcomeOf(line)));
    // Whoever waits has a timer; nobody waits for a process that the kernel holds.
    this.process.unref();
    for (const stream of [this.process.stdin, this.process.stdout, this.process.stderr]) (stream as Socket).unref();
  }

  carryOut(texts: readonly string[]): Promise<OperationOutcome> {
    return new Promise((resolve) => {
      this.answer = resolve;
      if (this.usable) this.process.stdin.write(texts.map((text) => `${text}\0`).join(''));
    });
  }

  endAfterwards(): void {
    this.usable = false;
    this.process.stdin.end();
  }

  private lost(text: string): void {
    this.usable = false;
    this.settle({ failure: { errno: 'UNKNOWN', text } });
  }

  private settle(outcome: OperationOutcome): void {
    this.answer?.(outcome);
    this.answer = undefined;
  }
}

/** From the line that scst-step says. */
function outcomeOf(line: string): OperationOutcome {
  if (line === 'done') return {};
  const [, errno = 'UNKNOWN', text = line] = /^(?:failed|unrecorded) (E[A-Z0-9]+): (.*)$/.exec(line) ?? [];
  return { failure: { errno, text } };
}

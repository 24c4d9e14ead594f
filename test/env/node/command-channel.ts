// The harness's end of the command channel: many commands at once over one byte stream to command-server.mjs in the guest.
import { EventEmitter } from 'node:events';
import { createInterface } from 'node:readline';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { TestNodeError } from './errors.js';

/** A part of a command's input is sent when the command has taken the one before it. */
const INPUT_PART_BYTES = 32 * 1024;

/** What may be on its way to the guest: its tty has room for 4096 bytes, and UML's serial line stalls when that is full. */
const WINDOW_BYTES = 3072;

export interface CommandEnd {
  /** The exit status; 128 + n if signal n ended the command, as a shell says it. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

interface Message {
  readonly id?: number;
  readonly op: 'ready' | 'received' | 'started' | 'out' | 'err' | 'exit' | 'failed' | 'taken';
  readonly bytes?: number;
  readonly pid?: number;
  readonly data?: string;
  readonly code?: number | null;
  readonly signal?: NodeJS.Signals | null;
  readonly message?: string;
}

/** One command in the guest. Emits `output` with (`out` or `err`, Buffer). */
export class GuestCommand extends EventEmitter<{ output: ['out' | 'err', Buffer]; taken: [] }> {
  readonly stdout: Buffer[] = [];
  readonly stderr: Buffer[] = [];
  /** Resolves with the pid in the guest; rejects with NODE_ENDED. */
  readonly started: Promise<number>;
  /** Rejects with NODE_ENDED. */
  readonly ended: Promise<CommandEnd>;
  private resolveStarted!: (pid: number) => void;
  private resolveEnded!: (end: CommandEnd) => void;
  private reject!: (reason: TestNodeError) => void;

  constructor(
    readonly command: string,
    /** Sends a signal to the command itself, or to everything in its process group. */
    readonly kill: (signal: NodeJS.Signals, scope: 'process' | 'group') => void,
  ) {
    super();
    const rejects: ((reason: TestNodeError) => void)[] = [];
    this.started = new Promise((resolve, reject) => {
      this.resolveStarted = resolve;
      rejects.push(reject);
    });
    this.ended = new Promise((resolve, reject) => {
      this.resolveEnded = resolve;
      rejects.push(reject);
    });
    this.reject = (reason) => rejects.forEach((reject) => reject(reason));
    // Whoever waits for one of them need not wait for the other.
    this.started.catch(() => undefined);
    this.ended.catch(() => undefined);
  }

  /** Both streams as text, for messages. */
  output(): string {
    return Buffer.concat([...this.stdout, ...this.stderr]).toString();
  }

  abandon(reason: TestNodeError): void {
    this.reject(reason);
    this.emit('taken');
  }

  take(message: Message): void {
    switch (message.op) {
      case 'started':
        this.resolveStarted(message.pid ?? 0);
        break;
      case 'out':
      case 'err': {
        const data = Buffer.from(message.data ?? '', 'base64');
        (message.op === 'out' ? this.stdout : this.stderr).push(data);
        this.emit('output', message.op, data);
        break;
      }
      case 'exit':
        this.resolveEnded({
          code: message.code ?? 128 + signalNumber(message.signal),
          stdout: Buffer.concat(this.stdout),
          stderr: Buffer.concat(this.stderr),
        });
        break;
      case 'failed':
        this.abandon(new TestNodeError('COMMAND_FAILED', `${this.command}: ${message.message}`));
        break;
      case 'taken':
        this.emit('taken');
        break;
      case 'ready':
      case 'received':
        break;
    }
  }
}

export class CommandChannel {
  /** Resolves when the guest's command server is there. */
  readonly ready: Promise<void>;
  private readonly commands = new Map<number, GuestCommand>();
  private lastId = 0;
  private unsent = Buffer.alloc(0);
  private bytesOnTheWay = 0;
  private closedBecause: TestNodeError | undefined;

  constructor(private readonly stream: Duplex) {
    const lines = createInterface({ input: stream });
    this.ready = new Promise((resolve) => {
      lines.on('line', (line) => {
        const message = parse(line);
        if (message?.op === 'ready') {
          resolve();
        } else if (message?.op === 'received') {
          this.bytesOnTheWay -= message.bytes ?? 0;
          this.flush();
        } else if (message?.id !== undefined) {
          this.commands.get(message.id)?.take(message);
          if (message.op === 'exit' || message.op === 'failed') {
            this.commands.delete(message.id);
          }
        }
      });
    });
    // That the guest is gone is told by its process. (readline passes the stream's errors on.)
    stream.on('error', () => undefined);
    lines.on('error', () => undefined);
  }

  /** Starts `command` with the guest’s `sh`, which starts far quicker than bash where system calls are dear. */
  start(command: string, input?: string | Buffer): GuestCommand {
    const id = ++this.lastId;
    const started = new GuestCommand(command, (signal, scope) =>
      this.send({ id, op: 'kill', signal, group: scope === 'group' }),
    );
    if (this.closedBecause !== undefined) {
      started.abandon(this.closedBecause);
      return started;
    }
    this.commands.set(id, started);
    this.send({ id, op: 'start', command, input: input !== undefined });
    if (input !== undefined) {
      void this.sendInput(id, started, Buffer.from(input));
    }
    return started;
  }

  /** Ends every command with `reason`. */
  close(reason: TestNodeError): void {
    this.closedBecause = reason;
    this.commands.forEach((command) => command.abandon(reason));
    this.commands.clear();
    this.stream.destroy();
  }

  private async sendInput(id: number, command: GuestCommand, input: Buffer): Promise<void> {
    for (let at = 0; at < input.length && this.commands.has(id); at += INPUT_PART_BYTES) {
      const taken = new Promise<void>((resolve) => command.once('taken', resolve));
      this.send({ id, op: 'input', data: input.subarray(at, at + INPUT_PART_BYTES).toString('base64') });
      await taken;
    }
    this.send({ id, op: 'end' });
  }

  private send(message: object): void {
    this.unsent = Buffer.concat([this.unsent, Buffer.from(`${JSON.stringify(message)}\n`)]);
    this.flush();
  }

  private flush(): void {
    const part = this.unsent.subarray(0, WINDOW_BYTES - this.bytesOnTheWay);
    if (part.length > 0 && this.stream.writable) {
      this.unsent = this.unsent.subarray(part.length);
      this.bytesOnTheWay += part.length;
      this.stream.write(part);
    }
  }
}

function parse(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch {
    // Noise from before the line was in raw mode.
    return undefined;
  }
}

function signalNumber(signal: NodeJS.Signals | null | undefined): number {
  return signal ? constants.signals[signal] : 0;
}

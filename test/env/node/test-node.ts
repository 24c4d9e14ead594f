// A node to test on: a real kernel in a virtual machine whose root is the host's, and what a test does with it.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { kernelArtifacts, scriptFolder } from './artifacts.js';
import { CommandChannel, type GuestCommand } from './command-channel.js';
import { ControlSocket } from './control-socket.js';
import { TestNodeError } from './errors.js';
import { launchOf } from './launch.js';
import { resolveOptions, type ResolvedOptions, type TestNodeOptions } from './options.js';
import { VirtualMachine } from './virtual-machine.js';

const COMMAND_TIMEOUT_MS = 120_000;
const POWER_OFF_TIMEOUT_MS = 60_000;
const CONSOLE_TAIL_LINES = 40;

/**
 * QEMU 7.2, which emulates several CPUs, may go on with a breakpoint that the kernel has taken back already: it puts
 * one where it patches its code, which it does above all while it boots. That was seen once, two seconds into a boot and
 * so before anything of ours ran. A machine that has booted is never forgiven it.
 */
const EMULATION_FAULT = /Oops: int3/;
const MAXIMUM_BOOTS = 3;

/** Kernel messages that no test may cause. */
export const KERNEL_COMPLAINT = /BUG:|Oops|WARNING:|Kernel panic|hung task|ring is broken|blocked for more than/;

/** Of the kernel's log, around a complaint: the trace that follows it, and what led to it. */
const LINES_BEFORE = 30;
const LINES_AFTER = 40;

export interface RunOptions {
  /** Default 120 s; then the command and what it started is killed, and `run` rejects with TIMEOUT. */
  readonly timeoutMs?: number;
  /** What the command reads from standard input; without it that is /dev/null. */
  readonly input?: string | Buffer;
}

export interface RunResult {
  /** 128 + n if signal n ended the command. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface BackgroundCommand {
  /** Of the shell in the guest; of the command itself where it begins with `exec`. */
  readonly pid: number;
  /** Standard output and standard error so far, one after the other. */
  output(): string;
  /** Resolves with the exit status (128 + n if signal n ended it); rejects with NODE_ENDED if the node goes first. */
  readonly exited: Promise<number>;
  /** Default SIGTERM, to the process `pid`; `group`: also to what it started. */
  kill(signal?: NodeJS.Signals, scope?: 'process' | 'group'): void;
}

/** Starts a node and waits until it takes commands. Throws NOT_SET_UP, INVALID_OPTIONS, BOOT_FAILED. */
export async function startNode(options: TestNodeOptions): Promise<TestNode> {
  const node = new TestNode(resolveOptions(options));
  try {
    await node.boot();
  } catch (cause) {
    await node.stop();
    throw cause;
  }
  return node;
}

export class TestNode {
  private readonly runFolder = mkdtempSync(join(tmpdir(), 'scst-node-'));
  private readonly consoleFile = join(this.runFolder, 'console');
  private machine: VirtualMachine | undefined;
  private channel: CommandChannel | undefined;
  private controlSocket: ControlSocket | undefined;
  private stopped = false;

  /** Use `startNode`. */
  constructor(private readonly options: ResolvedOptions) {}

  get name(): string {
    return this.options.name;
  }

  /** Resolves when the machine that runs now has gone, whatever the cause, with how (`exit status 0`). */
  get exited(): Promise<string> {
    return this.machine?.exited ?? Promise.resolve('never started');
  }

  get running(): boolean {
    return this.machine?.running ?? false;
  }

  /** Runs `command` with sh (POSIX), as root, in /. Any number may run at once. Rejects with TIMEOUT or NODE_ENDED. */
  async run(command: string, { timeoutMs = COMMAND_TIMEOUT_MS, input }: RunOptions = {}): Promise<RunResult> {
    const { code, stdout, stderr } = await this.finish(this.start(command, input), timeoutMs);
    return { code, stdout: stdout.toString(), stderr: stderr.toString() };
  }

  /** As `run`, but resolves with standard output; throws COMMAND_FAILED if the exit status isn't 0. */
  async sh(command: string, options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, options);
    if (code !== 0) {
      throw new TestNodeError('COMMAND_FAILED', `exit status ${code} of: ${command}\n${stdout}${stderr}`);
    }
    return stdout;
  }

  /** Starts `command` and leaves it running. */
  async spawn(command: string): Promise<BackgroundCommand> {
    const started = this.start(command);
    const exited = started.ended.then(({ code }) => code);
    exited.catch(() => undefined);
    return {
      pid: await started.started,
      output: () => started.output(),
      exited,
      kill: (signal = 'SIGTERM', scope = 'process') => started.kill(signal, scope),
    };
  }

  /** Starts `command` and gives its streams as they come. */
  start(command: string, input?: string | Buffer): GuestCommand {
    if (this.channel === undefined) {
      throw new TestNodeError('NODE_ENDED', `${this.name} isn't running: ${command}`);
    }
    return this.channel.start(command, input);
  }

  /** The contents of a file in the guest. */
  async read(path: string): Promise<Buffer> {
    const command = `cat -- ${shellQuote(path)}`;
    const { code, stdout, stderr } = await this.finish(this.start(command), COMMAND_TIMEOUT_MS);
    if (code !== 0) {
      throw new TestNodeError('COMMAND_FAILED', stderr.toString());
    }
    return stdout;
  }

  /** Writes a file in the guest; its folder is made. */
  async write(path: string, content: string | Buffer): Promise<void> {
    await this.sh(`mkdir -p -- ${shellQuote(dirname(path))} && cat > ${shellQuote(path)}`, { input: content });
  }

  /** Everything that the console printed, over all boots. */
  console(): string {
    return existsSync(this.consoleFile) ? readFileSync(this.consoleFile, 'utf8') : '';
  }

  /** The kernel's log since the last boot. */
  kernelMessages(): Promise<string> {
    return this.sh('dmesg');
  }

  /** Throws KERNEL_COMPLAINT if the kernel reported a defect in any boot. `except` takes lines out that a test provokes. */
  async assertCleanKernel({ except }: { except?: RegExp } = {}): Promise<void> {
    const messages = (this.console() + (this.running ? await this.kernelMessages() : '')).split('\n');
    const complains = (line: string) => KERNEL_COMPLAINT.test(line) && except?.test(line) !== true;
    const complaints = messages.filter(complains);
    if (complaints.length > 0) {
      const last = messages.findLastIndex(complains);
      const around = messages.slice(Math.max(0, last - LINES_BEFORE), last + LINES_AFTER);
      throw new TestNodeError(
        'KERNEL_COMPLAINT',
        `${this.name}: the kernel complains\n${complaints.join('\n')}\n\nwith, around the last:\n${around.join('\n')}`,
      );
    }
  }

  /** Ends the machine at once: what the guest hadn't written to its disk is lost. */
  async powerCut(): Promise<void> {
    await this.machine?.kill();
  }

  /**
   * Lets the guest end the machine by `command`; the default does it without sync and without telling any process.
   * Rejects with TIMEOUT if the machine still runs then.
   */
  async powerOff({ command = 'busybox poweroff -n -f', timeoutMs = POWER_OFF_TIMEOUT_MS } = {}): Promise<void> {
    this.start(command);
    await withTimeout(this.exited, timeoutMs, () => `${this.name} still runs ${timeoutMs} ms after: ${command}`);
  }

  /** Boots again, with the same data disk; cuts the power first if the node still runs. */
  async restart(): Promise<void> {
    await this.powerCut();
    await this.boot();
  }

  /** Ends the node and removes its files but for the data disk. May be called any number of times. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.controlSocket?.close();
    await this.powerCut();
    rmSync(this.runFolder, { recursive: true, force: true });
  }

  /** Use `startNode` or `restart`. */
  async boot(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const before = existsSync(this.consoleFile) ? statSync(this.consoleFile).size : 0;
      try {
        return await this.bootOnce();
      } catch (error) {
        if (!(error instanceof TestNodeError) || error.code !== 'BOOT_FAILED' || attempt === MAXIMUM_BOOTS) throw error;
        const said = readFileSync(this.consoleFile).subarray(before).toString();
        if (!EMULATION_FAULT.test(said)) throw error;
        console.warn(`${error.message}\n${this.name}: the emulation failed while the kernel booted; it boots again`);
        await this.powerCut();
        truncateSync(this.consoleFile, before);
      }
    }
  }

  private async bootOnce(): Promise<void> {
    if (this.stopped) {
      throw new TestNodeError('NODE_ENDED', `${this.name} was stopped for good`);
    }
    const { options } = this;
    const artifacts = kernelArtifacts(options.kernel);
    const launch = launchOf(options, artifacts, this.runFolder);
    this.makeDataDisk();
    this.writeRunFolder({
      NODE_NAME: options.name,
      KERNEL: options.kernel,
      MODULES: artifacts.modules,
      RELEASE: artifacts.release,
      DATA_DEVICE: options.dataDisk === undefined ? '' : launch.dataDevice,
      NETWORK: options.network ? '1' : '',
      UDEV: options.udev ? '1' : '',
      CONFIGFS: options.configfs ? '1' : '',
      SYSTEMD: options.systemd ? '1' : '',
      LOAD_MODULES: options.modules.join(' '),
      NODE_BINARY: process.execPath,
      COMMAND_SERVER: join(scriptFolder(), 'command-server.mjs'),
    });

    const machine = new VirtualMachine(launch, this.consoleFile);
    const channel = new CommandChannel(machine.channel);
    this.machine = machine;
    this.channel = channel;
    void machine.exited.then((how) => channel.close(new TestNodeError('NODE_ENDED', `${this.name} ended (${how})`)));
    const failed = (what: string): string => `${this.name} ${what}; the console's end:\n${this.consoleTail()}`;
    const ended = machine.exited.then((how) => {
      throw new TestNodeError('BOOT_FAILED', failed(`ended (${how}) while booting`));
    });
    ended.catch(() => undefined);
    await withTimeout(
      Promise.race([channel.ready, ended]),
      options.bootTimeoutMs,
      () => failed(`takes no commands after ${options.bootTimeoutMs} ms`),
      'BOOT_FAILED',
    );
    if (options.controlSocket !== undefined && this.controlSocket === undefined) {
      this.controlSocket = await ControlSocket.listen(options.controlSocket, (command) => this.start(command));
    }
  }

  private finish(command: GuestCommand, timeoutMs: number): GuestCommand['ended'] {
    return withTimeout(command.ended, timeoutMs, () => {
      command.kill('SIGKILL', 'group');
      return `no end after ${timeoutMs} ms: ${command.command}\n${command.output()}`;
    });
  }

  private makeDataDisk(): void {
    const { dataDisk, dataDiskMiB } = this.options;
    if (dataDisk !== undefined && !existsSync(dataDisk)) {
      mkdirSync(dirname(resolve(dataDisk)), { recursive: true });
      execFileSync('mke2fs', ['-q', '-t', 'ext4', dataDisk, `${dataDiskMiB}M`], {
        env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
      });
    }
  }

  private writeRunFolder(config: Readonly<Record<string, string>>): void {
    const lines = Object.entries(config).map(([name, value]) => `${name}=${shellQuote(value)}\n`);
    writeFileSync(join(this.runFolder, 'config'), lines.join(''));
    writeFileSync(join(this.runFolder, 'environment.json'), JSON.stringify(this.options.env));
    for (const [script, name] of Object.entries({ 'uml-init.sh': 'uml-init', 'guest-init.sh': 'init' })) {
      copyFileSync(join(scriptFolder(), script), join(this.runFolder, name));
      chmodSync(join(this.runFolder, name), 0o755);
    }
  }

  private consoleTail(): string {
    return this.console().trimEnd().split('\n').slice(-CONSOLE_TAIL_LINES).join('\n');
  }
}

/** Quotes a string as one word for the shell. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function withTimeout<T>(
  promise: Promise<T>,
  milliseconds: number,
  message: () => string,
  code: 'TIMEOUT' | 'BOOT_FAILED' = 'TIMEOUT',
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TestNodeError(code, message())), milliseconds);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

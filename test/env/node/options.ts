// What a test node can be: the options as a test writes them, and as the code uses them.
import type { NodeKernel } from './artifacts.js';
import { TestNodeError } from './errors.js';

export interface TestNodeOptions {
  /** `uml`: boots in seconds, one CPU, kernel 6.1. `qemu`: more CPUs, kernel 6.12, emulated unless KVM works. */
  readonly kernel: NodeKernel;
  /** The node's host name. */
  readonly name: string;
  /** MiB; default 2048. Memory that the guest doesn't touch isn't taken from the host. */
  readonly memoryMiB?: number;
  /** Default 1 with `uml` (which can't have more), 2 with `qemu`. */
  readonly cpus?: number;
  /**
   * An image file whose file system is /var/lib/scst in the guest and survives `restart`. Made if there is none: sparse,
   * ext4, `dataDiskMiB` large. Without it /var/lib/scst is a tmpfs that every boot starts empty.
   */
  readonly dataDisk?: string;
  /** MiB; default 6144. */
  readonly dataDiskMiB?: number;
  /**
   * `qemu` only, and then with one CPU: time on the node is the count of instructions that it has executed, whatever the
   * host is busy with. For comparing lengths of paths within one boot. Default false.
   */
  readonly instructionClock?: boolean;
  /** Default true: the host's loopback is 10.0.2.2 in the guest. There is no way to anywhere else. */
  readonly network?: boolean;
  /** Kernel modules to load at boot; default none. Whatever the choice, `modprobe` works in the guest. */
  readonly modules?: readonly string[] | false;
  /** Default true: udevd runs (devices that were there before it aren't replayed). */
  readonly udev?: boolean;
  /** Default false: configfs isn't mounted. */
  readonly configfs?: boolean;
  /** Environment variables of the commands, beside PATH, HOME, LANG and TERM. */
  readonly env?: Readonly<Record<string, string>>;
  /** A socket to make on the host, through which `exec.js SOCKET COMMAND` runs commands on the node. */
  readonly controlSocket?: string;
  /** Default 60 s with `uml`, 240 s with `qemu` (a busy machine emulates slowly). */
  readonly bootTimeoutMs?: number;
}

export type ResolvedOptions = Required<Omit<TestNodeOptions, 'dataDisk' | 'controlSocket' | 'modules'>> & {
  readonly dataDisk: string | undefined;
  readonly controlSocket: string | undefined;
  readonly modules: readonly string[];
};

/** Fills in the defaults. Throws INVALID_OPTIONS. */
export function resolveOptions(options: TestNodeOptions): ResolvedOptions {
  const uml = options.kernel === 'uml';
  const instructionClock = options.instructionClock ?? false;
  const cpus = options.cpus ?? (uml || instructionClock ? 1 : 2);
  if (uml && cpus !== 1) {
    throw new TestNodeError('INVALID_OPTIONS', 'a uml node has one CPU: use qemu for more');
  }
  if (instructionClock && (uml || cpus !== 1)) {
    throw new TestNodeError('INVALID_OPTIONS', 'an instruction clock needs qemu with one CPU');
  }
  if (!/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/.test(options.name)) {
    throw new TestNodeError('INVALID_OPTIONS', `${JSON.stringify(options.name)} is no host name`);
  }
  const modules = options.modules === undefined || options.modules === false ? [] : options.modules;
  const oddModule = modules.find((module) => !/^[\w-]+$/.test(module));
  if (oddModule !== undefined) {
    throw new TestNodeError('INVALID_OPTIONS', `${JSON.stringify(oddModule)} is no module name`);
  }
  return {
    kernel: options.kernel,
    name: options.name,
    memoryMiB: options.memoryMiB ?? 2048,
    cpus,
    instructionClock,
    dataDisk: options.dataDisk,
    dataDiskMiB: options.dataDiskMiB ?? 6144,
    network: options.network ?? true,
    modules,
    udev: options.udev ?? true,
    configfs: options.configfs ?? false,
    env: options.env ?? {},
    controlSocket: options.controlSocket,
    bootTimeoutMs: options.bootTimeoutMs ?? (uml ? 60_000 : 240_000),
  };
}

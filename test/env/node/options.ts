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
  /** `uml` only: a file that is there and is a block device (/dev/ubdb) of every node that gets it, as an array's disk would be. */
  readonly sharedDisk?: string;
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
  /**
   * Default false: process 1 is a shell that does no more than the tests need. With true it is Debian's systemd, which starts
   * nothing that a test doesn't ask for: for what a node does when it goes down in order (`systemctl reboot`).
   */
  readonly systemd?: boolean;
  /** Environment variables of the commands, beside PATH, HOME, LANG and TERM. */
  readonly env?: Readonly<Record<string, string>>;
  /** A socket to make on the host, through which `exec.js SOCKET COMMAND` runs commands on the node. */
  readonly controlSocket?: string;
  /** Default 60 s with `uml`, 240 s with `qemu` (a busy machine emulates slowly). */
  readonly bootTimeoutMs?: number;
}

export type ResolvedOptions = Required<
  Omit<TestNodeOptions, 'dataDisk' | 'sharedDisk' | 'controlSocket' | 'modules'>
> & {
  readonly dataDisk: string | undefined;
  readonly sharedDisk: string | undefined;
  readonly controlSocket: string | undefined;
  readonly modules: readonly string[];
};

/** Fills in the defaults. Throws INVALID_OPTIONS. */
export function resolveOptions(options: TestNodeOptions): ResolvedOptions {
  const { kernel, name, dataDisk, sharedDisk, controlSocket, instructionClock = false } = options;
  const uml = kernel === 'uml';
  const { cpus = uml || instructionClock ? 1 : 2, bootTimeoutMs = uml ? 60_000 : 240_000 } = options;
  const {
    memoryMiB = 2048,
    dataDiskMiB = 6144,
    network = true,
    udev = true,
    configfs = false,
    systemd = false,
    env = {},
  } = options;
  const modules = options.modules === undefined || options.modules === false ? [] : options.modules;
  const given = { kernel, name, memoryMiB, cpus, instructionClock, dataDisk, dataDiskMiB, sharedDisk, network };
  const resolved = { ...given, modules, udev, configfs, systemd, env, controlSocket, bootTimeoutMs };
  const problem = problemWith(resolved);
  if (problem !== undefined) throw new TestNodeError('INVALID_OPTIONS', problem);
  return resolved;
}

function problemWith({
  kernel,
  name,
  cpus,
  instructionClock,
  modules,
  sharedDisk,
}: ResolvedOptions): string | undefined {
  if (kernel === 'uml' && cpus !== 1) return 'a uml node has one CPU: use qemu for more';
  if (kernel !== 'uml' && sharedDisk !== undefined) return 'a shared disk needs uml';
  if (instructionClock && (kernel === 'uml' || cpus !== 1)) return 'an instruction clock needs qemu with one CPU';
  if (!/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/.test(name)) return `${JSON.stringify(name)} is no host name`;
  const oddModule = modules.find((module) => !/^[\w-]+$/.test(module));
  return oddModule === undefined ? undefined : `${JSON.stringify(oddModule)} is no module name`;
}

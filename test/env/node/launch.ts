// What to start for a node: the program and arguments of both kinds of virtual machine.
import { readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KernelArtifacts } from './artifacts.js';
import type { ResolvedOptions } from './options.js';
import { TestNodeError } from './errors.js';
import { nextProcessor } from './processors.js';

export interface Launch {
  readonly program: string;
  /** File descriptor 3 is to be the command channel, 1 and 2 the console's file. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The block device that the data disk is in the guest. */
  readonly dataDevice: string;
  /**
   * As of nice. Several emulated CPUs wait for each other, so that a machine which gets half of the time it needs takes
   * three times as long: it goes before those with one.
   */
  readonly niceness: number;
}

/** `run` is the folder of the node's scripts; its `console` file takes what the kernel prints. */
export function launchOf(options: ResolvedOptions, artifacts: KernelArtifacts, run: string): Launch {
  return options.kernel === 'uml' ? umlLaunch(options, artifacts, run) : qemuLaunch(options, artifacts, run);
}

// Warnings are printed: after a power cut the console is all that is left of them. Not rate-limited: init writes there.
const KERNEL_ARGUMENTS = ['loglevel=6', 'printk.devkmsg=on'];

function umlLaunch(options: ResolvedOptions, artifacts: KernelArtifacts, run: string): Launch {
  // UML traces processes of the host that run the guest's programs. If UML is killed they go on, on the host; so it gets
  // a pid namespace, whose end is their end.
  const isolate = ['--pid', '--fork', '--kill-child=KILL'];
  if (process.getuid?.() !== 0) {
    isolate.unshift('--user', '--map-current-user');
  }
  return {
    program: 'taskset',
    args: [
      ...['--cpu-list', String(nextProcessor()), 'unshare', ...isolate],
      join(artifacts.folder, 'linux'),
      `mem=${options.memoryMiB}M`,
      ...['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', `init=${run}/uml-init`, `SCST_RUN=${run}`],
      ...['con=null', 'con0=null,fd:1', 'ssl=null', 'ssl0=fd:3', 'noreboot', `umid=${options.name}`, `uml_dir=${run}`],
      ...(options.network ? ['eth0=slirp,,/usr/bin/slirp-fullbolt'] : []),
      ...(options.dataDisk === undefined ? [] : [`ubd0=${options.dataDisk}`]),
      // c: without the lock by which UML keeps a file to itself.
      ...(options.sharedDisk === undefined ? [] : [`ubd1c=${options.sharedDisk}`]),
      ...KERNEL_ARGUMENTS,
    ],
    env: {
      ...process.env,
      TMPDIR: memoryFolder(options.memoryMiB),
      // For processors with more state than UML knows (uml-xstate.c).
      LD_PRELOAD: join(artifacts.folder, 'xstate.so'),
    },
    dataDevice: '/dev/ubda',
    niceness: 0,
  };
}

/** A file there is UML's memory: too little room would end the guest by SIGBUS, and it must be executable. */
function memoryFolder(memoryMiB: number): string {
  const needed = (memoryMiB + 64) * 1024 * 1024;
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  for (const folder of ['/dev/shm', tmpdir()]) {
    const noexec = mounts.some((line) => line.split(' ')[1] === folder && /[ ,]noexec[ ,]/.test(line));
    const { bavail, bsize } = statfsSync(folder);
    if (!noexec && bavail * bsize >= needed) {
      return folder;
    }
  }
  throw new TestNodeError('INVALID_OPTIONS', `neither /dev/shm nor ${tmpdir()} has ${memoryMiB} MiB for the node`);
}

function qemuLaunch(options: ResolvedOptions, artifacts: KernelArtifacts, run: string): Launch {
  // panic=-1 and -no-reboot: a kernel that panics ends the machine.
  const kernelArguments = ['console=ttyS0', 'net.ifnames=0', 'panic=-1', `SCST_RUN=${run}`, ...KERNEL_ARGUMENTS];
  return {
    program: 'qemu-system-x86_64',
    args: [
      ...['-name', options.name, '-no-user-config', '-nodefaults', '-display', 'none', '-no-reboot'],
      ...(options.instructionClock ? INSTRUCTION_CLOCK : hostClock(artifacts)),
      ...['-smp', `${options.cpus}`, '-m', `${options.memoryMiB}`],
      ...['-kernel', join(artifacts.folder, 'vmlinuz'), '-initrd', join(artifacts.folder, 'initrd')],
      ...['-append', kernelArguments.join(' ')],
      ...['-chardev', `file,id=console,append=on,path=${quote(join(run, 'console'))}`, '-serial', 'chardev:console'],
      ...['-virtfs', 'local,path=/,mount_tag=hostroot,security_model=none,readonly=on,multidevs=remap'],
      ...['-device', 'virtio-serial-pci', '-chardev', 'socket,id=command,fd=3'],
      ...['-device', 'virtserialport,chardev=command,name=command'],
      ...['-nic', options.network ? 'user,model=virtio-net-pci' : 'none'],
      // A killed QEMU leaves what it wrote in the host's page cache: no need to wait for the host's disk.
      ...(options.dataDisk === undefined
        ? []
        : ['-drive', `file=${quote(options.dataDisk)},if=virtio,format=raw,cache=unsafe`]),
    ],
    env: process.env,
    dataDevice: '/dev/vda',
    niceness: -10,
  };
}

/**
 * Two nanoseconds an instruction. A `rep movsb`, which kernels use for copies where ERMS or FSRM is there, would count one
 * instruction per byte, and distort every row with large copies.
 */
const INSTRUCTION_CLOCK = [
  ...['-icount', 'shift=1,sleep=off', '-accel', 'tcg,thread=single'],
  ...['-cpu', 'max,la57=off,erms=off,fsrm=off'],
];

function hostClock(artifacts: KernelArtifacts): string[] {
  return ['-accel', kvmBoots(artifacts) ? 'kvm' : 'tcg,thread=multi', '-cpu', 'max,la57=off'];
}

/** setup.sh's trial boot counts for this boot of this machine only. */
function kvmBoots(artifacts: KernelArtifacts): boolean {
  const [accelerator, boot] = readFileSync(join(artifacts.folder, 'accelerator'), 'utf8').trim().split(' ');
  return accelerator === 'kvm' && boot === readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function quote(path: string): string {
  return path.replaceAll(',', ',,');
}

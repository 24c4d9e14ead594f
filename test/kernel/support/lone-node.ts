// A node alone on a real kernel: a machine with a data disk, the agent on a directory of manifests, and its engine.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntryStatus } from '../../../crds/types.js';
import { manifestUid } from '../../../node-agent/agent/sources/manifest-objects.js';
import type { StatusFileContent } from '../../../node-agent/agent/sources/status-file.js';
import { startNode, type TestNode, type TestNodeOptions } from '../../env/node/index.js';
import { eventually } from '../../env/stack/eventually.js';
import { remains, signal, startAgent, startEngine } from '../../env/stack/node-processes.js';

const MANIFESTS = '/etc/scst/manifests';
const SETUP_ID = '00000000-0000-4000-8000-5c5700000001';
/** Emulated CPUs on a busy machine are slow. */
const CONVERGENCE_MS = 150_000;

type Process = 'engine' | 'agent';
/** Of LUNs: each session's; of the other kinds: one. */
type Kind = 'ScstDevice' | 'ScstTarget' | 'ScstSession' | 'ScstLun';

export class LoneNode {
  private agentFlags: readonly string[] = [];

  private constructor(
    readonly machine: TestNode,
    private readonly directory: string,
  ) {}

  /** Boots the machine; nothing of ours runs on it yet. */
  static async boot(
    options: Pick<TestNodeOptions, 'kernel' | 'dataDiskMiB' | 'memoryMiB' | 'configfs' | 'systemd'>,
  ): Promise<LoneNode> {
    const directory = mkdtempSync(join(tmpdir(), 'scst-kernel-'));
    try {
      const dataDisk = join(directory, 'data.img');
      return new LoneNode(await startNode({ ...options, name: 'lone', dataDisk, network: false }), directory);
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Boots, writes the manifests (by file name) and starts the agent, which starts the engine. */
  static async start(
    options: Parameters<typeof LoneNode.boot>[0],
    manifests: Readonly<Record<string, string>>,
    flags: readonly string[] = [],
  ): Promise<LoneNode> {
    const node = await LoneNode.boot(options);
    try {
      for (const [file, content] of Object.entries(manifests)) await node.apply(file, content);
      await node.startAgent(flags);
    } catch (error) {
      await node.stop();
      throw error;
    }
    return node;
  }

  sh(command: string, timeoutMs?: number): Promise<string> {
    return this.machine.sh(command, timeoutMs === undefined ? {} : { timeoutMs });
  }

  /** Puts a file into the directory of manifests, in one step as `kubectl` users' tools do. */
  async apply(file: string, content: string): Promise<void> {
    await this.machine.write(`${MANIFESTS}/.${file}`, content);
    await this.sh(`mv ${MANIFESTS}/.${file} ${MANIFESTS}/${file}`);
  }

  async withdraw(file: string): Promise<void> {
    await this.sh(`rm ${MANIFESTS}/${file}`);
  }

  /** Without flags: those of the last start. What an earlier agent reported is removed: status() is this agent's word. */
  async startAgent(flags?: readonly string[]): Promise<void> {
    this.agentFlags = flags ?? this.agentFlags;
    await this.sh(`mkdir -p ${MANIFESTS} && rm -f /run/scst/status.json`);
    await startAgent(this.machine, this.agentArguments);
  }

  /** What startAgent starts the agent with. */
  get agentArguments(): readonly string[] {
    return ['--manifests', MANIFESTS, '--setup-id', SETUP_ID, ...this.agentFlags];
  }

  startEngine(): Promise<void> {
    return startEngine(this.machine);
  }

  signal(which: Process, name: NodeJS.Signals): Promise<void> {
    return signal(this.machine, which, name);
  }

  /** The agent's report. */
  async status(): Promise<StatusFileContent> {
    return JSON.parse(await this.sh('cat /run/scst/status.json')) as StatusFileContent;
  }

  /** State, reason and message of an object; throws while the agent doesn't report it. */
  async entry(kind: Kind, name: string): Promise<EntryStatus> {
    const { status } = await this.status();
    const lists = {
      ScstDevice: status.devices,
      ScstTarget: status.targets,
      ScstSession: status.sessions,
      ScstLun: status.luns,
    };
    const uid = manifestUid(SETUP_ID, kind, name);
    const entry = lists[kind]?.find((each) => each.uid === uid);
    if (entry === undefined) throw new Error(`the agent reports no ${kind} ${name}`);
    return entry;
  }

  /** A condition of the node; throws while there is none. */
  async condition(type: string): Promise<{ status: string; reason: string; message: string }> {
    const { status } = await this.status();
    const condition = status.conditions?.find((each) => each.type === type);
    if (condition === undefined) throw new Error(`no condition ${type}`);
    return condition;
  }

  /** Resolves when the node says that everything is as the manifests say, and the paths are block devices. */
  async ready(...paths: readonly string[]): Promise<void> {
    const missing = `for path in ${paths.join(' ')}; do test -b $path || echo $path; done`;
    await eventually(async () => {
      const none = await this.sh(missing);
      if (none !== '') throw new Error(`no block devices:\n${none}`);
      const { status, message } = await this.condition('Ready');
      if (status !== 'True') throw new Error(message);
    }, CONVERGENCE_MS);
  }

  /** Resolves when nothing of ours is left in configfs, /dev/scst and the list of SCSI devices. */
  async nothingLeft(): Promise<void> {
    await eventually(async () => {
      const left = await remains(this.machine);
      if (left !== '') throw new Error(`left on the node:\n${left}`);
    }, CONVERGENCE_MS);
  }

  /** How many commands were in flight whenever an engine of this boot attached to a ring, in the order of time. */
  async foundAtAttach(): Promise<number[]> {
    const { stdout } = await this.machine.run(
      `cat /run/scst-engine.log /run/scst/engine.log | grep -o '"foundAtAttach":[0-9]*'`,
    );
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => Number(line.split(':')[1]));
  }

  /** Kills the engine, and resolves when its successor, which `restart` or the agent starts, serves all its rings again. */
  async replaceEngine(rings: number, restart?: () => Promise<void>): Promise<void> {
    const before = await this.foundAtAttach();
    await this.signal('engine', 'SIGKILL');
    await restart?.();
    await eventually(async () => {
      const missing = before.length + rings - (await this.foundAtAttach()).length;
      if (missing > 0) throw new Error(`the next engine has ${missing} more rings to attach to`);
    }, CONVERGENCE_MS);
  }

  /** What the kernel's log says of failed commands; empty: nothing failed. */
  async ioErrors(): Promise<string> {
    return (await this.machine.kernelMessages())
      .split('\n')
      .filter((line) => /I\/O error|Medium Error|critical .* error|Offlined/i.test(line))
      .join('\n');
  }

  /** Ends the machine and removes its data disk. */
  async stop(): Promise<void> {
    await this.machine.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

// What the kernel tests share: a node without a cluster, with an agent that follows a directory, and its engine.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StatusFileContent } from '../../node-agent/agent/sources/status-file.js';
import { startNode, type NodeKernel, type TestNode } from '../env/node/index.js';
import { eventually } from '../env/stack/eventually.js';
import { disk, diskPath } from '../env/stack/manifests.js';
import { engineLog, signal, startAgent, startEngine } from '../env/stack/node-processes.js';

const NODE = 'lone';
export const MANIFESTS = '/etc/scst/manifests';
/** On an emulated machine, Node.js alone takes seconds to start. */
const REALISED_MS = 90_000;

export class LoneNode {
  private constructor(
    readonly machine: TestNode,
    private readonly agentFlags: readonly string[],
    private readonly directory: string,
  ) {}

  /** A node whose backing files survive a restart; no process of ours runs on it yet. */
  static async boot(kernel: NodeKernel, agentFlags: readonly string[] = []): Promise<LoneNode> {
    const directory = mkdtempSync(join(tmpdir(), 'scst-kernel-'));
    const machine = await startNode({ kernel, name: NODE, dataDisk: join(directory, 'data.img') });
    const flags = ['--node-name', NODE, '--manifests', MANIFESTS, '--engine', 'external', ...agentFlags];
    return new LoneNode(machine, flags, directory);
  }

  /** A node with a disk: engine and agent run. */
  static async withDisk(name: string, kernel: NodeKernel, agentFlags: readonly string[] = []): Promise<LoneNode> {
    const node = await LoneNode.boot(kernel, agentFlags);
    try {
      await node.startProcesses();
      await node.addDisk(name);
    } catch (error) {
      await node.stop();
      throw error;
    }
    return node;
  }

  async startProcesses(): Promise<void> {
    await this.startEngine();
    await this.startAgent();
  }

  startEngine(): Promise<void> {
    return startEngine(this.machine);
  }

  startAgent(): Promise<void> {
    return startAgent(this.machine, this.agentFlags);
  }

  signal(which: 'engine' | 'agent', name: NodeJS.Signals): Promise<void> {
    return signal(this.machine, which, name);
  }

  async addDisk(name: string, options?: Parameters<typeof disk>[2]): Promise<void> {
    await this.machine.write(`${MANIFESTS}/${name}.yaml`, disk(name, NODE, options));
    await this.waitForDisk(name);
  }

  async waitForDisk(name: string): Promise<void> {
    await eventually(() => this.machine.sh(`test -b ${diskPath(name)}`), REALISED_MS);
  }

  /** Requests of the disk that the kernel hasn't answered. */
  async inFlight(name: string): Promise<{ reads: number; writes: number }> {
    const [reads = 0, writes = 0] = await this.blockNumbers(name, 'inflight');
    return { reads, writes };
  }

  /** Writes that the disk has completed. */
  async writesOf(name: string): Promise<number> {
    return (await this.blockNumbers(name, 'stat'))[4] ?? 0;
  }

  /** The agent's report. */
  async status(): Promise<StatusFileContent> {
    return JSON.parse(await this.machine.sh('cat /run/scst/status.json')) as StatusFileContent;
  }

  /** Status, reason and message of a condition of the node. */
  async condition(type: string): Promise<{ status: string; reason: string; message: string } | undefined> {
    return (await this.status()).status.conditions?.find((condition) => condition.type === type);
  }

  /** For each attachment of a ring since the boot: the commands that were in flight when the former engine ended. */
  async foundAtAttach(): Promise<number[]> {
    const lines = (await engineLog(this.machine)).split('\n');
    return lines.flatMap((line) => {
      const found = /"foundAtAttach":(\d+).*"ring attached"/.exec(line)?.[1];
      return found === undefined ? [] : [Number(found)];
    });
  }

  private async blockNumbers(name: string, file: 'inflight' | 'stat'): Promise<number[]> {
    const text = await this.machine.sh(`cat /sys/class/block/$(basename $(readlink ${diskPath(name)}))/${file}`);
    return text.trim().split(/\s+/).map(Number);
  }

  async stop(): Promise<void> {
    await this.machine.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

// What the e2e tests share: one cluster, and nodes on which the engine and the agent run.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StatusFileContent } from '../../node-agent/agent/sources/status-file.js';
import { startNode, type TestNode } from '../env/node/index.js';
import { Cluster } from '../env/stack/cluster.js';
import { eventually } from '../env/stack/eventually.js';
import { clusterFlags, startAgent, startEngine } from '../env/stack/node-processes.js';

/** By which the disks of kernel/support/manifests.ts select their nodes. */
const TEST_LABEL = 'scst.dev/test';

export interface E2eNode {
  machine: TestNode;
  agentFlags: string[];
  /** On the host. */
  kubeconfig: string;
}

export class Stack {
  readonly nodes = new Map<string, E2eNode>();
  private readonly directory = mkdtempSync(join(tmpdir(), 'scst-e2e-'));

  private constructor(
    readonly cluster: Cluster,
    private readonly sharedDisk: string | undefined,
  ) {}

  static start(...names: string[]): Promise<Stack> {
    return Stack.startWith(undefined, ...names);
  }

  /** With a disk that all nodes have, as /dev/ubdb, and that may back devices. */
  static async startWith(sharedDisk: string | undefined, ...names: string[]): Promise<Stack> {
    const stack = new Stack(await Cluster.start(), sharedDisk);
    try {
      await stack.cluster.startOperator();
      for (const name of names) await stack.addNode(name);
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  /** The machine of a node. */
  machine(name: string): TestNode {
    return this.node(name).machine;
  }

  node(name: string): E2eNode {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  async startProcesses(name: string): Promise<void> {
    const { machine, agentFlags } = this.node(name);
    const allowed = this.sharedDisk === undefined ? [] : ['--allow-path', '/var/lib/scst', '--allow-path', '/dev/ubdb'];
    await startEngine(machine, allowed);
    await startAgent(machine, [...agentFlags, ...allowed]);
  }

  /** After a boot: what isn't on the data disk is gone, the kubeconfig too. */
  async startProcessesAgain(name: string): Promise<void> {
    const { machine, agentFlags, kubeconfig } = this.node(name);
    await machine.write(agentFlags[agentFlags.indexOf('--kubeconfig') + 1] ?? '', readFileSync(kubeconfig));
    await this.startProcesses(name);
  }

  /** The agent's own report, which doesn't need the API server. */
  async status(name: string): Promise<StatusFileContent> {
    return JSON.parse(await this.machine(name).sh('cat /run/scst/status.json')) as StatusFileContent;
  }

  /** Status, reason and message of a condition of an object. */
  async condition(object: string, type = 'Ready'): Promise<{ status: string; reason: string; message: string }> {
    const found = JSON.parse(await this.cluster.kubectl('get', object, '-o', 'json')) as {
      status?: { conditions?: { type: string; status: string; reason: string; message: string }[] };
    };
    const condition = found.status?.conditions?.find((each) => each.type === type);
    if (condition === undefined) throw new Error(`${object} has no condition ${type} yet`);
    return condition;
  }

  async ready(object: string, timeoutSeconds = 60): Promise<void> {
    try {
      await this.cluster.kubectl('wait', '--for=condition=Ready', `--timeout=${timeoutSeconds}s`, object);
    } catch (error) {
      throw new Error(`${object} isn't Ready:\n${await this.described(object)}`, { cause: error });
    }
  }

  /** What an object and the nodes look like to the API server, and what each agent says of itself. */
  private async described(object: string): Promise<string> {
    const seen = await this.cluster.kubectl('get', object, 'scstnode', '--output=yaml').catch(String);
    const said = [...this.nodes].map(async ([name, { machine }]) =>
      [
        `agent of ${name}:`,
        await machine.sh('cat /run/scst/status.json; tail -n 20 /run/scst-agent.log').catch(String),
      ].join('\n'),
    );
    return [seen, ...(await Promise.all(said)), 'operator:', this.cluster.operatorLog()].join('\n');
  }

  async stop(): Promise<void> {
    for (const { machine } of this.nodes.values()) await machine.stop();
    await this.cluster.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async addNode(name: string): Promise<void> {
    const { sharedDisk } = this;
    const disks = { dataDisk: join(this.directory, `${name}.img`), ...(sharedDisk !== undefined && { sharedDisk }) };
    const machine = await startNode({ kernel: 'uml', name, ...disks });
    const { kubeconfig } = await this.cluster.addNode(name, { [TEST_LABEL]: '' });
    const agentFlags = await clusterFlags(machine, kubeconfig, readFileSync(kubeconfig, 'utf8'));
    this.nodes.set(name, { machine, agentFlags, kubeconfig });
    await this.startProcesses(name);
    await eventually(() => this.cluster.kubectl('--namespace=scst-system', 'get', 'lease', name), 60_000);
  }
}

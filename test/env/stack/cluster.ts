// A cluster of real parts: control plane, exactly what the chart renders, and the operator with the token that it grants.
import { join } from 'node:path';
import { startControlPlane, type CommandResult, type ControlPlane } from '../control-plane/control-plane.js';
import { OperatorProcess } from './operator-process.js';
import { CHART } from './paths.js';

export const NAMESPACE = 'scst-system';
/** The Node that the operator's pod is bound to. */
const CONTROL_NODE = 'control';

export interface ClusterOptions {
  /** Called with a line for each thing that takes longer. */
  progress?: (line: string) => void;
  /** Kept after stop(); default: a temporary one. */
  directory?: string;
}

export class Cluster {
  private operator: OperatorProcess | undefined;

  private constructor(readonly controlPlane: ControlPlane) {}

  /** Control plane and chart; no operator yet. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const cluster = new Cluster(await startControlPlane(options));
    try {
      await cluster.installChart();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  async startOperator(): Promise<void> {
    const { controlPlane } = this;
    await controlPlane.createNode(CONTROL_NODE);
    const kubeconfig = await this.kubeconfigOf('scst-operator', 'scst-operator', CONTROL_NODE, 'host');
    this.operator = await OperatorProcess.start(join(controlPlane.directory, 'scst-operator.log'), [
      `--kubeconfig=${kubeconfig}`,
      `--namespace=${NAMESPACE}`,
    ]);
  }

  /** What the operator wrote last. */
  operatorLog(): string {
    return this.operator?.log().slice(-4_000) ?? 'not running';
  }

  /** SIGTERM: it gives its Lease back, so that the next one leads at once. */
  async stopOperator(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.operator?.kill(signal);
    this.operator = undefined;
  }

  /** A Node, and a kubeconfig for its agent inside a guest, with a token that is bound to the agent's pod on that node. */
  async addNode(name: string, labels: Readonly<Record<string, string>> = {}): Promise<{ kubeconfig: string }> {
    await this.controlPlane.createNode(name, labels);
    return { kubeconfig: await this.kubeconfigOf('scst-node-agent', `scst-node-agent-${name}`, name, 'guest') };
  }

  /** Of the administrator. */
  get kubeconfig(): string {
    return this.controlPlane.adminKubeconfig;
  }

  /** kubectl as the administrator; throws when it fails. */
  kubectl(...args: string[]): Promise<string> {
    return this.controlPlane.kubectlOutput(args);
  }

  /** kubectl as the administrator with a manifest on standard input, whatever the exit code. */
  apply(manifest: string): Promise<CommandResult> {
    return this.controlPlane.kubectl(['apply', '--filename=-'], { input: manifest });
  }

  async stop(): Promise<void> {
    await this.stopOperator('SIGKILL');
    await this.controlPlane.stop();
  }

  private async kubeconfigOf(
    serviceAccount: string,
    podName: string,
    nodeName: string,
    server: 'host' | 'guest',
  ): Promise<string> {
    const token = await this.controlPlane.boundToken({ serviceAccount, namespace: NAMESPACE, podName, nodeName });
    return this.controlPlane.writeKubeconfig({ name: podName, token, server, contextNamespace: NAMESPACE });
  }

  /** A kubeconfig inside a guest of a service account that has one of the chart's roles for users. */
  async guestUser(name: string, role: string): Promise<{ kubeconfig: string }> {
    const { controlPlane } = this;
    await this.kubectl('create', 'serviceaccount', name, '-n', NAMESPACE);
    await this.kubectl(
      'create',
      'clusterrolebinding',
      name,
      `--clusterrole=${role}`,
      `--serviceaccount=${NAMESPACE}:${name}`,
    );
    const token = (await this.kubectl('create', 'token', name, '-n', NAMESPACE)).trim();
    const kubeconfig = controlPlane.writeKubeconfig({
      name,
      token,
      server: 'guest',
      contextNamespace: NAMESPACE,
    });
    return { kubeconfig };
  }

  private async installChart(): Promise<void> {
    const { controlPlane } = this;
    const rendered = await controlPlane.helm(['template', 'scst', CHART, `--namespace=${NAMESPACE}`]);
    if (rendered.code !== 0) throw new Error(`helm template: ${rendered.stderr}`);
    await controlPlane.kubectlOutput(['create', 'namespace', NAMESPACE]);
    await controlPlane.kubectlOutput(['apply', '--server-side', '--filename=-'], { input: rendered.stdout });
    await controlPlane.kubectlOutput(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
  }
}

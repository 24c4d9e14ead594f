// What the cluster tests share: a control plane with the chart's objects in it, operators as processes, and simulated agents.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ApiClient, loadKubeConfig } from '../../operator/kube/client.js';
import { isApiError } from '../../operator/kube/errors.js';
import { pathOf, type ApiObject, type Resource } from '../../operator/kube/resources.js';
import { resourceOf } from '../../operator/controller/kinds.js';
import type { ScstNode, UserObject } from '../../crds/types.js';
import { startControlPlane, type ControlPlane } from '../env/control-plane/control-plane.js';
import { SimulatedAgent } from './simulated-agent.js';

export const NAMESPACE = 'scst-system';
const ROOT = resolve(__dirname, '../..');
export const CHART = join(ROOT, 'charts/scst-operator');
const OPERATOR = join(ROOT, 'dist/operator/main.js');
const POLL_MS = 50;

export interface OperatorOptions {
  /** Default: `operator-N`. */
  readonly name?: string;
  readonly nodeGracePeriod?: string;
  readonly leaseDuration?: string;
  readonly watchTimeout?: string;
  /** Default: the API server itself. */
  readonly server?: string;
  /** Further arguments. */
  readonly args?: readonly string[];
}

export class Cluster {
  readonly admin: ApiClient;
  private readonly operators: OperatorProcess[] = [];
  private readonly agents: SimulatedAgent[] = [];
  private readonly tokens = new Map<string, string>();

  private constructor(readonly controlPlane: ControlPlane) {
    this.admin = new ApiClient(loadKubeConfig(controlPlane.adminKubeconfig), 'test-admin');
  }

  /** A control plane with `nodes`, and exactly what the chart renders applied to it. */
  static async start(nodes: readonly string[], values: readonly string[] = []): Promise<Cluster> {
    const cluster = new Cluster(await startControlPlane());
    try {
      await cluster.installChart(values);
      await Promise.all(nodes.map((node) => cluster.controlPlane.createNode(node, { 'scst.dev/demo': '' })));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  async stop(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.stop()));
    await Promise.all(this.operators.map((operator) => operator.kill()));
    await this.controlPlane.stop();
  }

  /** Starts an operator process with the token of a pod of the chart's service account. */
  async startOperator(options: OperatorOptions = {}): Promise<OperatorProcess> {
    if (!existsSync(OPERATOR)) {
      throw new Error(`${OPERATOR} is missing: run "make build" first`);
    }
    const name = options.name ?? `operator-${this.operators.length + 1}`;
    const kubeconfig = await this.operatorKubeconfig(name, options.server);
    const operator = new OperatorProcess(name, join(this.controlPlane.directory, `${name}.log`), [
      `--kubeconfig=${kubeconfig}`,
      `--namespace=${NAMESPACE}`,
      `--lease-duration=${options.leaseDuration ?? '3s'}`,
      `--node-grace-period=${options.nodeGracePeriod ?? '5m'}`,
      `--watch-timeout=${options.watchTimeout ?? '45s'}`,
      '--metrics-port=0',
      '--log-level=debug',
      ...(options.args ?? []),
    ]);
    this.operators.push(operator);
    await operator.ready();
    return operator;
  }

  /** With the token of a pod of the operator's service account. */
  async operatorKubeconfig(pod: string, server?: string): Promise<string> {
    await this.controlPlane.createNode('control');
    return this.kubeconfig('scst-operator', pod, 'control', server);
  }

  /** A stand-in for the node agent of `node`, with the token of a pod of the chart's service account on that node. */
  async startSimulatedAgent(node: string, leaseSeconds = 40): Promise<SimulatedAgent> {
    const kubeconfig = await this.agentKubeconfig(node);
    const agent = new SimulatedAgent({
      api: new ApiClient(loadKubeConfig(kubeconfig), 'simulated-agent'),
      node,
      namespace: NAMESPACE,
      leaseSeconds,
    });
    this.agents.push(agent);
    await agent.start();
    return agent;
  }

  agentKubeconfig(node: string): Promise<string> {
    return this.kubeconfig('scst-node-agent', `agent-${node}`, node);
  }

  /** kubectl apply of `manifest` (YAML or JSON) as administrator; throws when it is refused. */
  async apply(manifest: string): Promise<void> {
    await this.controlPlane.kubectlOutput(['apply', '--filename=-'], { input: manifest });
  }

  async delete(kind: UserObject['kind'] | 'Node', name: string): Promise<void> {
    const resource = kind === 'Node' ? { group: '', version: 'v1', plural: 'nodes', kind } : resourceOf(kind);
    await this.admin.request({ method: 'DELETE', path: pathOf(resource, { name }) });
  }

  /** Undefined when there is none. */
  async get<T extends ApiObject>(resource: Resource, name: string, namespace?: string): Promise<T | undefined> {
    try {
      const path = pathOf(resource, { name, ...(namespace === undefined ? {} : { namespace }) });
      return await this.admin.request<T>({ method: 'GET', path });
    } catch (error) {
      if (isApiError(error, 'NotFound')) {
        return undefined;
      }
      throw error;
    }
  }

  user<K extends UserObject['kind']>(kind: K, name: string): Promise<Extract<UserObject, { kind: K }> | undefined> {
    return this.get<Extract<UserObject, { kind: K }>>(resourceOf(kind), name);
  }

  node(name: string): Promise<ScstNode | undefined> {
    return this.get<ScstNode>(resourceOf('ScstNode'), name);
  }

  /** Status and reason of a condition, as `True AsWanted`; empty when it isn't there. */
  async condition(kind: UserObject['kind'], name: string, type = 'Ready'): Promise<string> {
    const object = await this.user(kind, name);
    const condition = object?.status?.conditions?.find((candidate) => candidate.type === type);
    return condition === undefined ? '' : `${condition.status} ${condition.reason}`;
  }

  private async kubeconfig(serviceAccount: string, pod: string, node: string, server?: string): Promise<string> {
    const token =
      this.tokens.get(pod) ??
      (await this.controlPlane.boundToken({ serviceAccount, namespace: NAMESPACE, podName: pod, nodeName: node }));
    this.tokens.set(pod, token);
    const path = this.controlPlane.writeKubeconfig({ name: pod, token, contextNamespace: NAMESPACE });
    if (server === undefined) {
      return path;
    }
    // A proxy has another port, for which the certificate holds just the same.
    const proxied = path.replace(/\.kubeconfig$/, '-proxied.kubeconfig');
    writeFileSync(proxied, readFileSync(path, 'utf8').replaceAll(this.controlPlane.server, server));
    return proxied;
  }

  private async installChart(values: readonly string[]): Promise<void> {
    const { controlPlane } = this;
    const set = values.map((value) => `--set=${value}`);
    const rendered = await controlPlane.helm(['template', 'scst', CHART, `--namespace=${NAMESPACE}`, ...set]);
    if (rendered.code !== 0) {
      throw new Error(`helm template: ${rendered.stderr}`);
    }
    await controlPlane.kubectlOutput(['create', 'namespace', NAMESPACE]);
    await controlPlane.kubectlOutput(['apply', '--server-side', '--filename=-'], { input: rendered.stdout });
    await controlPlane.kubectlOutput(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
  }
}

/** `node dist/operator/main.js` */
export class OperatorProcess {
  private readonly child: ChildProcess;
  private readonly exited: Promise<number | null>;
  private port: number | undefined;

  constructor(
    readonly name: string,
    readonly logFile: string,
    args: readonly string[],
  ) {
    const log = openSync(logFile, 'a');
    const environment = { PATH: process.env['PATH'], HOME: '/nonexistent' };
    this.child = spawn(process.execPath, [OPERATOR, ...args], { stdio: ['ignore', log, log], env: environment });
    closeSync(log);
    this.exited = new Promise((settle) => this.child.once('exit', (code) => settle(code)));
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What it logged, one object per line. */
  log(): Record<string, unknown>[] {
    return readFileSync(this.logFile, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** The number of the term that it leads in, or undefined. */
  get epoch(): number | undefined {
    const last = this.log().findLast(({ msg }) => msg === 'leading' || msg === 'no longer leading');
    return last?.['msg'] === 'leading' ? (last['epoch'] as number) : undefined;
  }

  /** Status and body of /healthz, /readyz or /metrics. */
  async probe(path: string): Promise<{ status: number; body: string }> {
    this.port ??= this.log().find(({ msg }) => msg === 'started')?.['port'] as number | undefined;
    if (this.port === undefined) {
      return { status: 0, body: 'not started' };
    }
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`);
    return { status: response.status, body: await response.text() };
  }

  /** Sum of a counter over all its labels that match `labels`. */
  async counter(name: string, labels = ''): Promise<number> {
    const { body } = await this.probe('/metrics');
    return body
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  async ready(): Promise<void> {
    await eventually(async () => {
      if (!this.running) {
        throw new Error(`${this.name} ended: ${readFileSync(this.logFile, 'utf8').slice(-2000)}`);
      }
      expect((await this.probe('/readyz')).body).toBe('ok\n');
    });
  }

  /** SIGTERM; resolves with the exit code. */
  terminate(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.exited;
  }

  /** SIGKILL, if it still runs. */
  async kill(): Promise<void> {
    if (this.running) {
      this.child.kill('SIGKILL');
    }
    await this.exited;
  }
}

/** Repeats `check` until it doesn't throw; throws its last error after `timeoutMilliseconds`. */
export async function eventually<T>(check: () => Promise<T>, timeoutMilliseconds = 30_000): Promise<T> {
  const end = performance.now() + timeoutMilliseconds;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) {
        throw error;
      }
      await new Promise((wait) => setTimeout(wait, POLL_MS));
    }
  }
}

/** The four objects of the first example; `suffix` keeps those of different tests apart. */
export function quickstart(suffix: string, node?: string): Record<UserObject['kind'], string> {
  const placement = node === undefined ? '{nodeSelector: {matchLabels: {scst.dev/demo: ""}}}' : `{nodeName: ${node}}`;
  const object = (kind: string, spec: string) =>
    `apiVersion: scst.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: ${suffix}}\nspec: ${spec}\n`;
  return {
    ScstDevice: object('ScstDevice', `{vdiskFileio: {filename: /var/lib/scst/${suffix}.img, size: 1Gi}}`),
    ScstTarget: object('ScstTarget', placement),
    ScstSession: object('ScstSession', `{target: ${suffix}}`),
    ScstLun: object('ScstLun', `{target: ${suffix}, lun: 0, device: ${suffix}}`),
  };
}

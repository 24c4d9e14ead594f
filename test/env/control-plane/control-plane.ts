// Starts a real Kubernetes control plane (etcd and kube-apiserver, RBAC on) on loopback, without root, for tests and the demo.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findBinaries } from './binaries.js';
import { ensureCertificates } from './certificates.js';
import { outputOf, runCommand, type CommandResult } from './command.js';
import { etcdIsReady, kubeApiServerIsReady, startEtcd, startKubeApiServer, type Layout } from './components.js';
import { writeKubeconfigFile } from './kubeconfig.js';
import { namespaceManifest, nodeManifest, podManifest, serviceAccountManifest, type BoundPod } from './manifests.js';
import { freePorts } from './ports.js';
import type { Component } from './process.js';

export { ControlPlaneError, type ControlPlaneErrorCode } from './errors.js';
export { buildBinaries } from './binaries.js';
export type { CommandResult } from './command.js';
export type { BoundPod } from './manifests.js';

/** A cold start takes 5 s; the rest is for machines that do much else at the same time. */
const READY_TIMEOUT_MILLISECONDS = 120_000;
const FIELD_MANAGER = 'scst-test';

export interface ControlPlaneOptions {
  /** For keys, data and logs. Kept by `stop()`, and what is in it is used again. Default: a new temporary one. */
  readonly directory?: string;
  /** The API server's port. Default: a free one. */
  readonly port?: number;
  /** Called with a line for every step, and every two seconds while one lasts. */
  readonly progress?: (line: string) => void;
}

export interface RunOptions {
  readonly input?: string;
  /** Default: the administrator's. */
  readonly kubeconfig?: string;
}

export interface KubeconfigOptions {
  readonly name: string;
  readonly token: string;
  /** Where it will be used: on this machine (default), or in a QEMU guest, which calls this machine 10.0.2.2. */
  readonly server?: 'host' | 'guest';
  /** Default: `default`. */
  readonly contextNamespace?: string;
}

/**
 * A running control plane. There is no controller-manager, no scheduler and no kubelet: service accounts, nodes and
 * pods are made by hand, nothing collects what lost its owner, and a deleted Pod only goes with
 * `--force --grace-period=0`.
 */
export class ControlPlane {
  readonly directory: string;
  readonly binDirectory: string;
  /** The API server's address on this machine, and as a QEMU guest sees it. */
  readonly server: string;
  readonly guestServer: string;
  readonly caFile: string;
  /** A kubeconfig in the group system:masters. */
  readonly adminKubeconfig: string;
  private etcd: Component | undefined;
  private apiServer: Component | undefined;

  private constructor(
    private readonly layout: Layout,
    private readonly temporary: boolean,
    private readonly progress: (line: string) => void,
  ) {
    this.directory = layout.directory;
    this.binDirectory = layout.binaries;
    this.server = `https://127.0.0.1:${layout.ports.api}`;
    this.guestServer = `https://10.0.2.2:${layout.ports.api}`;
    this.caFile = join(layout.keys, 'ca.crt');
    this.adminKubeconfig = writeKubeconfigFile({
      directory: this.directory,
      name: 'admin',
      server: this.server,
      authorityFile: this.caFile,
      credentials: { certificateFile: join(layout.keys, 'admin.crt'), keyFile: join(layout.keys, 'admin.key') },
      namespace: 'default',
    });
  }

  /** See `startControlPlane`. */
  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const binaries = await findBinaries();
    const temporary = options.directory === undefined;
    const directory = resolve(options.directory ?? mkdtempSync(join(tmpdir(), 'scst-control-plane-')));
    mkdirSync(directory, { recursive: true });
    const keys = await ensureCertificates(directory);
    const ports = await choosePorts(options.port);
    const progress = options.progress ?? (() => undefined);
    const controlPlane = new ControlPlane({ directory, keys, binaries, ports }, temporary, progress);
    try {
      await controlPlane.startEtcd();
      await controlPlane.startApiServer();
    } catch (error) {
      await controlPlane.stopComponents();
      throw error;
    }
    return controlPlane;
  }

  /** Starts the API server at the same address over the same data; resolves when it is ready. */
  async startApiServer(): Promise<void> {
    if (this.apiServer?.running) {
      return;
    }
    this.progress(`starting kube-apiserver at ${this.server}`);
    this.apiServer = startKubeApiServer(this.layout);
    await this.apiServer.untilReady(() => kubeApiServerIsReady(this.layout), this.readiness());
  }

  /** Takes the API server away; etcd and its data stay. */
  async stopApiServer(): Promise<void> {
    await this.apiServer?.stop();
    this.apiServer = undefined;
  }

  /** Stops everything and removes the directory if it is a temporary one. May be called twice. */
  async stop(): Promise<void> {
    await this.stopComponents();
    if (this.temporary) {
      rmSync(this.directory, { recursive: true, force: true });
    }
  }

  /** Runs kubectl, whatever its exit status. */
  kubectl(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return this.run('kubectl', args, options);
  }

  /** Runs helm, whatever its exit status. */
  helm(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return this.run('helm', args, options);
  }

  /** Runs kubectl and answers its standard output; throws `COMMAND_FAILED` with what it said if it fails. */
  async kubectlOutput(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return outputOf(`kubectl ${args.join(' ')}`, await this.kubectl(args, options));
  }

  /** Writes `NAME.kubeconfig` into the directory, self-contained, and answers its path. */
  writeKubeconfig({ name, token, server = 'host', contextNamespace = 'default' }: KubeconfigOptions): string {
    return writeKubeconfigFile({
      directory: this.directory,
      name,
      server: server === 'guest' ? this.guestServer : this.server,
      authorityFile: this.caFile,
      credentials: { token },
      namespace: contextNamespace,
    });
  }

  /** Makes a Node object, unless it exists, and answers its uid. */
  createNode(name: string, labels: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.apply(nodeManifest(name, labels));
  }

  /** Makes a service account and its namespace, unless they exist, and answers its uid. */
  async createServiceAccount(namespace: string, name: string): Promise<string> {
    await this.apply(namespaceManifest(namespace));
    return this.apply(serviceAccountManifest(namespace, name));
  }

  /**
   * A token like the one a kubelet projects into a Pod on `nodeName`: its user's extras name the Pod and the node.
   * Makes the Pod unless it exists; service account and Node must be there. Valid for six hours, until the Pod goes.
   */
  async boundToken(pod: BoundPod): Promise<string> {
    await this.apply(podManifest(pod));
    const binding = ['--bound-object-kind=Pod', `--bound-object-name=${pod.podName}`, '--duration=6h'];
    return (
      await this.kubectlOutput(['create', 'token', pod.serviceAccount, `--namespace=${pod.namespace}`, ...binding])
    ).trim();
  }

  private async apply(manifest: object): Promise<string> {
    return this.kubectlOutput(
      [
        'apply',
        '--server-side',
        `--field-manager=${FIELD_MANAGER}`,
        '--filename=-',
        '--output=jsonpath={.metadata.uid}',
      ],
      { input: JSON.stringify(manifest) },
    );
  }

  private run(program: string, args: readonly string[], options: RunOptions): Promise<CommandResult> {
    const own = join(this.directory, 'client');
    return runCommand(join(this.binDirectory, program), args, {
      ...(options.input === undefined ? {} : { input: options.input }),
      environment: {
        PATH: process.env['PATH'],
        HOME: own,
        KUBECONFIG: options.kubeconfig ?? this.adminKubeconfig,
        // What kubectl remembers of an API server it files under the address, which an earlier one may have had.
        KUBECACHEDIR: join(own, 'cache'),
        HELM_CACHE_HOME: join(own, 'helm', 'cache'),
        HELM_CONFIG_HOME: join(own, 'helm', 'config'),
        HELM_DATA_HOME: join(own, 'helm', 'data'),
      },
    });
  }

  private readiness(): { timeoutMilliseconds: number; progress: (line: string) => void } {
    return { timeoutMilliseconds: READY_TIMEOUT_MILLISECONDS, progress: this.progress };
  }

  private async startEtcd(): Promise<void> {
    this.progress(`starting etcd in ${this.directory}`);
    this.etcd = startEtcd(this.layout);
    await this.etcd.untilReady(() => etcdIsReady(this.layout), this.readiness());
  }

  private async stopComponents(): Promise<void> {
    await this.stopApiServer();
    await this.etcd?.stop();
    this.etcd = undefined;
  }
}

async function choosePorts(given: number | undefined): Promise<Layout['ports']> {
  // One more than needed: the given port may be among the free ones.
  const free = (await freePorts(4)).filter((port) => port !== given) as [number, number, number];
  return { api: given ?? free[0], etcd: free[1], etcdPeer: free[2] };
}

/**
 * Starts etcd and kube-apiserver and resolves when both are ready (about five seconds).
 *
 * Throws a `ControlPlaneError`; nothing runs on then, and the directory with the logs is kept.
 */
export function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  return ControlPlane.start(options);
}

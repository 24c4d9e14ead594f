// The wish in a cluster: the ScstNode of this node's name, and nothing else, is watched; its status is written back.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ScstNodeSpec, ScstNodeStatus } from '../../../crds/types.js';
import { Writer } from '../../../operator/kube/apply.js';
import type { Api } from '../../../operator/kube/client.js';
import { isApiError, type ApiError } from '../../../operator/kube/errors.js';
import { LeaseHolder } from '../../../operator/kube/lease.js';
import { Reflector } from '../../../operator/kube/reflector.js';
import type { ApiObject, Resource } from '../../../operator/kube/resources.js';
import type { SourceState, UnavailableReason } from '../wish.js';
import type { DesiredStateSource } from './source.js';
import { StatusFile } from './status-file.js';
import { StatusReporter } from './status-reporter.js';

const SCST_NODES: Resource = { group: 'scst.dev', version: 'v1alpha1', plural: 'scstnodes', kind: 'ScstNode' };
const FIELD_MANAGER = 'scst-agent';
const STATUS_INTERVAL_MS = 500;
const STATUS_RETRY_MS = 30_000;
const LEASE_SECONDS = 40;
const RENEW_SECONDS = 10;
const LEASE_LABELS = { 'app.kubernetes.io/name': 'scst-node-agent' };

interface ScstNodeObject extends ApiObject {
  spec?: ScstNodeSpec;
  status?: ScstNodeStatus;
}

export interface ScstNodeSourceOptions {
  api: Api;
  nodeName: string;
  /** Of the agents' Leases. */
  namespace: string;
  runDir: string;
  onChange: () => void;
  log: Logger;
}

export class ScstNodeSource implements DesiredStateSource {
  private readonly reflector: Reflector<ScstNodeObject>;
  private readonly writer: Writer;
  /** Nothing until the node's uid is known: the Lease goes when its Node goes. */
  private lease: LeaseHolder | undefined;
  private readonly reporter: StatusReporter<ScstNodeStatus>;
  private readonly stopping = new AbortController();
  private readonly identified: Promise<void>;
  private readonly file: StatusFile;
  private lastError: ApiError | undefined;
  private uid: string | undefined;

  constructor(private readonly options: ScstNodeSourceOptions) {
    const { api, nodeName, log } = options;
    this.file = new StatusFile(options.runDir, log);
    this.reflector = new Reflector<ScstNodeObject>({
      api,
      resource: SCST_NODES,
      fieldSelector: `metadata.name=${nodeName}`,
      onChange: (change) => {
        if (change.type !== 'Modified') this.reporter.invalidate();
        const specChanged =
          change.type !== 'Modified' || change.object.metadata.generation !== change.previous.metadata.generation;
        if (specChanged) options.onChange();
      },
      onError: (error) => {
        this.lastError = error;
        log.warn({ reason: error.reason, error: error.message }, 'the ScstNode can’t be read; the node stays as it is');
        options.onChange();
      },
    });
    this.writer = new Writer(api);
    this.reporter = new StatusReporter({
      send: (status) => this.write(status),
      intervalMs: STATUS_INTERVAL_MS,
      maximumRetryMs: STATUS_RETRY_MS,
      onError: (error) => log.warn({ error: (error as Error).message }, 'the status can’t be written'),
    });
    void this.reflector.start().then(options.onChange);
    this.identified = this.identify();
  }

  get nodeUID(): string | undefined {
    return this.uid;
  }

  get reported(): ScstNodeStatus | undefined {
    return this.reporter.lastSent ?? this.reflector.get(this.options.nodeName)?.status;
  }

  state(): Promise<SourceState> {
    return Promise.resolve(this.current());
  }

  report(status: ScstNodeStatus): void {
    this.file.write({ node: this.options.nodeName, status });
    if (this.reflector.get(this.options.nodeName) !== undefined) this.reporter.report(status);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.reporter.stop(), this.reflector.stop(), this.identified, this.file.settled()]);
    await this.lease?.stop();
  }

  private current(): SourceState {
    const object = this.reflector.get(this.options.nodeName);
    if (object?.spec !== undefined) {
      const { uid = '', generation = 0 } = object.metadata;
      return { kind: 'state', spec: object.spec, objectUID: uid, generation, complete: true };
    }
    if (this.reflector.synced) {
      const message = `there is no ScstNode ${this.options.nodeName}: no target selects this node yet, or it was removed`;
      return { kind: 'unavailable', reason: 'NotFound', message };
    }
    const message = this.lastError?.message ?? 'the ScstNode was not read yet';
    return { kind: 'unavailable', reason: reasonOf(this.lastError), message };
  }

  private async write(status: ScstNodeStatus): Promise<void> {
    const live = this.reflector.get(this.options.nodeName);
    if (live === undefined) return;
    const fields = { status } as Partial<ScstNodeObject>;
    const answer = await this.writer.apply(SCST_NODES, live, fields, {
      fieldManager: FIELD_MANAGER,
      subresource: 'status',
    });
    this.reflector.observe(answer);
  }

  private holdLease(uid: string): LeaseHolder {
    const { api, nodeName, namespace, log } = this.options;
    const lease = new LeaseHolder({
      api,
      namespace,
      name: nodeName,
      // The host's lock lets one agent of a node run at a time, so that the next one may renew at once.
      identity: nodeName,
      durationSeconds: LEASE_SECONDS,
      renewSeconds: RENEW_SECONDS,
      labels: LEASE_LABELS,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid }],
      onError: (error) => log.warn({ error: (error as Error).message }, 'the Lease can’t be renewed'),
    });
    lease.start();
    return lease;
  }

  /** Learns the node's uid from the own token: it is bound to the pod, and so to the node. */
  private async identify(): Promise<void> {
    const { api, nodeName, log } = this.options;
    while (!this.stopping.signal.aborted) {
      try {
        const uid = await askForNodeUID(api, nodeName);
        if (this.stopping.signal.aborted) return;
        this.lease = this.holdLease(uid);
        // Without a Lease the controller takes the node for one that has no agent, so nothing may be changed before.
        await Promise.race([this.lease.acquired, once(this.stopping.signal, 'abort')]);
        this.uid = uid;
        this.options.onChange();
        return;
      } catch (error) {
        log.warn({ error: (error as Error).message }, 'the node’s uid can’t be learned from the token');
        await sleep(5_000, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }
}

const EXTRA = 'authentication.kubernetes.io/';

interface SelfSubjectReview {
  status: { userInfo: { username: string; extra?: Record<string, string[]> } };
}

async function askForNodeUID(api: Api, nodeName: string): Promise<string> {
  const { status } = await api.request<SelfSubjectReview>({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  });
  const [name, uid] = [
    status.userInfo.extra?.[`${EXTRA}node-name`]?.[0],
    status.userInfo.extra?.[`${EXTRA}node-uid`]?.[0],
  ];
  if (name === undefined || uid === undefined) {
    throw new Error(
      `the token of ${status.userInfo.username} is not bound to a node: the agent needs its pod's own token`,
    );
  }
  if (name !== nodeName)
    throw new Error(`the token is bound to node ${name}, but this agent was started as --node-name ${nodeName}`);
  return uid;
}

function reasonOf(error: ApiError | undefined): UnavailableReason {
  if (error === undefined) return 'NotSynced';
  if (isApiError(error, 'Forbidden', 'Unauthorized')) return 'Forbidden';
  return isApiError(error, 'NotFound') ? 'NotFound' : 'Unreachable';
}

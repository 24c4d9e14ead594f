// The operator without its command line: watches and leadership, on the base class of @dot-i/k8s-operator.
import Operator, {
  ResourceEventType,
  ResourceMetaImpl,
  type ResourceEvent,
  type ResourceMeta,
} from '@dot-i/k8s-operator';
import {
  CoreV1Api,
  type KubeConfig,
  type KubernetesObject,
  type V1CustomResourceDefinitionVersion,
} from '@kubernetes/client-node';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { FINALIZER, GROUP, PLURALS, USER_KINDS, VERSION } from '../../crds/names.js';
import { Planner } from '../plan/planner.js';
import { Writer } from '../kube/apply.js';
import { Backoff, sleep } from '../kube/backoff.js';
import { ApiClient } from '../kube/client.js';
import { ApiError, messageOf } from '../kube/errors.js';
import { EventRecorder } from '../kube/events.js';
import { LeaderElector } from '../kube/leader.js';
import type { LeaseObject } from '../kube/lease.js';
import { Reflector, type Change } from '../kube/reflector.js';
import { LEASES, NODES, pathOf, type ApiObject, type Resource } from '../kube/resources.js';
import { ClusterState, type Cache } from './cluster-state.js';
import { customResourceFiles, verifyCustomResource } from './custom-resources.js';
import {
  EVENT_CONTROLLER,
  EVENT_NAMESPACE,
  LEADER_LEASE,
  SCST_NODES,
  STATUS_MANAGER,
  resourceOf,
  type NodeObject,
  type ScstNodeObject,
  type UserKind,
  type UserObject,
} from './kinds.js';
import type { Metrics } from './metrics.js';
import { ensureDefaultTarget } from './default-target.js';
import { ensureSetupId } from './setup-id.js';
import { Term, aborted } from './term.js';
import { ClusterWrites } from './writes.js';

export interface ScstOperatorOptions {
  readonly kubeConfig: KubeConfig;
  /** Where the Leases and the ConfigMap of this installation are. */
  readonly namespace: string;
  /** False: take the Lease at once, whoever holds it. Only for one process at a time. */
  readonly leaderElect: boolean;
  readonly leaseDurationSeconds: number;
  readonly nodeGracePeriodMilliseconds: number;
  /** Labels of the nodes that get SCST's default target and session; absent: nobody asked for them. */
  readonly defaultTarget?: Readonly<Record<string, string>>;
  /** How long a watch lasts, and a connection that silently died goes unnoticed. */
  readonly watchSeconds: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** An event of the base class, with the change of the cache that it stands for. */
export interface CacheEvent extends ResourceEvent {
  readonly change: Change<ApiObject>;
}

const RESOURCES: readonly Resource[] = [
  NODES,
  LEASES,
  ...Object.keys(PLURALS).map((kind) => resourceOf(kind as UserKind)),
];
const EVENT_TYPES = {
  Added: ResourceEventType.Added,
  Modified: ResourceEventType.Modified,
  Deleted: ResourceEventType.Deleted,
} as const;

/**
 * The base class as published ends the process on a watch error, loses deletions and swallows failed writes, so
 * every method of it that does I/O is overridden. Events only enqueue keys; what is done is decided from the caches.
 */
export class ScstOperator extends Operator {
  private readonly identity = `${hostname()}_${randomUUID()}`;
  private readonly api: ApiClient;
  private readonly writer: Writer;
  private readonly recorder: EventRecorder;
  private readonly reflectors = new Map<string, Reflector<ApiObject>>();
  private readonly stopping = new AbortController();
  private readonly log: Logger;
  private elector: LeaderElector | undefined;
  private term: Term | undefined;
  private problem: string | undefined = 'starting';

  constructor(private readonly options: ScstOperatorOptions) {
    const { kubeConfig, logger, metrics } = options;
    super({
      debug: (message) => logger.debug(message),
      info: (message) => logger.info(message),
      warn: (message) => logger.warn(message),
      error: (message) => logger.error(message),
    });
    this.log = logger;
    // The base class has loaded a configuration of its own choice.
    this.kubeConfig = kubeConfig;
    this.k8sApi = kubeConfig.makeApiClient(CoreV1Api);
    this.api = new ApiClient(kubeConfig, 'scst-operator');
    this.writer = new Writer(this.api, metrics.write);
    this.recorder = new EventRecorder({
      api: this.api,
      namespace: EVENT_NAMESPACE,
      controller: EVENT_CONTROLLER,
      instance: this.identity,
      onError: (error) => logger.debug({ error: messageOf(error) }, 'an Event could not be written'),
    });
  }

  /** Why this process could not take over now, or an empty list; a stand-by is ready. */
  notReady(): readonly string[] {
    const behind = [...this.reflectors].filter(([, { synced }]) => !synced).map(([id]) => `${id}: not listed yet`);
    return [...(this.problem === undefined ? [] : [this.problem]), ...behind];
  }

  /** Number of the term while this process leads. */
  get epoch(): number | undefined {
    return this.elector?.epoch;
  }

  /** Ends the term, gives the Lease back, and resolves when nothing runs on. */
  // eslint-disable-next-line @typescript-eslint/no-misused-promises -- the base class's stop() can't tell when all ended
  override async stop(): Promise<void> {
    this.stopping.abort();
    await this.elector?.stop();
    await Promise.all([...this.reflectors.values()].map((reflector) => reflector.stop()));
    await this.recorder.flush();
  }

  /** Resolves when the caches are complete and this process stands for election, or was stopped. */
  protected override async init(): Promise<void> {
    await this.persist('custom resources', async () => {
      for (const file of customResourceFiles()) {
        await this.registerCustomResourceDefinition(file);
      }
    });
    const setupId = await this.persist('setup id', () => ensureSetupId(this.api, this.options.namespace));
    if (setupId === undefined) {
      return;
    }
    const { defaultTarget } = this.options;
    if (defaultTarget !== undefined) {
      await this.persist('default target', () => ensureDefaultTarget(this.api, defaultTarget));
    }
    const state = this.createState(setupId);
    await this.watchAll(state);
    await Promise.race([
      Promise.all([...this.reflectors.values()].map((reflector) => reflector.start())),
      aborted(this.stopping.signal),
    ]);
    if (!this.stopping.signal.aborted) {
      this.problem = undefined;
      this.elector = this.createElector(state);
      this.elector.start();
    }
  }

  /** Verifies only: the chart installs CRDs, and this process may not. Throws CustomResourceError or ApiError. */
  protected override async registerCustomResourceDefinition(
    file: string,
  ): Promise<{ group: string; versions: V1CustomResourceDefinitionVersion[]; plural: string }> {
    const { spec } = await verifyCustomResource(this.api, file);
    const versions = spec.versions as V1CustomResourceDefinitionVersion[];
    return { group: spec.group, versions, plural: spec.names.plural };
  }

  protected override getCustomResourceApiUri(
    group: string,
    version: string,
    plural: string,
    namespace?: string,
  ): string {
    const server = this.kubeConfig.getCurrentCluster()?.server ?? '';
    return server + pathOf({ group, version, plural, kind: '' }, namespace === undefined ? {} : { namespace });
  }

  /** Keeps a cache of the collection and calls `onEvent` for each change of it, in order. Never rejects. */
  protected override watchResource(
    group: string,
    version: string,
    plural: string,
    onEvent: (event: CacheEvent) => Promise<void>,
    namespace?: string,
  ): Promise<void> {
    const resource = RESOURCES.find((candidate) => candidate.plural === plural && candidate.group === group);
    if (resource?.version !== version || this.reflectors.has(plural)) {
      throw new Error(`${plural}.${group}/${version} is not a resource to watch, or is watched already`);
    }
    const reflector = new Reflector<ApiObject>({
      api: this.api,
      resource,
      watchSeconds: this.options.watchSeconds,
      ...(namespace === undefined ? {} : { namespace }),
      onChange: (change) => {
        const meta = ResourceMetaImpl.createWithPlural(plural, asBaseObject(change.object));
        const event = { meta, type: EVENT_TYPES[change.type], object: asBaseObject(change.object), change };
        onEvent(event).catch((error: unknown) =>
          this.log.error({ plural, error: messageOf(error) }, 'event handler failed'),
        );
      },
      onError: (error) => {
        this.options.metrics.watchFailed(plural);
        this.log.warn({ plural, reason: error.reason, error: error.message }, 'watch failed, trying again');
      },
    });
    this.reflectors.set(plural, reflector);
    void reflector.start();
    return Promise.resolve();
  }

  /** Server-side apply of the whole status. Throws ApiError. */
  protected override async setResourceStatus(meta: ResourceMeta, status: unknown): Promise<ResourceMeta> {
    const { kind, live } = this.liveOf(meta);
    const answer = await this.writes(this.stopping.signal).setStatus(kind, live, status as object);
    return ResourceMetaImpl.createWithId(meta.id, asBaseObject(answer));
  }

  /** A JSON merge patch of the status. Throws ApiError. */
  protected override async patchResourceStatus(meta: ResourceMeta, status: unknown): Promise<ResourceMeta> {
    const { kind, live } = this.liveOf(meta);
    const answer = await this.api.request<UserObject>({
      method: 'PATCH',
      path: pathOf(resourceOf(kind), { name: meta.name, subresource: 'status' }),
      query: { fieldManager: STATUS_MANAGER },
      contentType: 'application/merge-patch+json',
      body: { metadata: { uid: live.metadata.uid }, status },
    });
    this.observe(resourceOf(kind), answer);
    return ResourceMetaImpl.createWithId(meta.id, asBaseObject(answer));
  }

  /** Adds or removes our own finalizer, as `finalizers` has it or not; those of others stay. Throws ApiError. */
  protected override async setResourceFinalizers(meta: ResourceMeta, finalizers: string[]): Promise<void> {
    const { kind, live } = this.liveOf(meta);
    await this.writes(this.stopping.signal).setFinalizer(kind, live, finalizers.includes(FINALIZER));
  }

  private liveOf(meta: ResourceMeta): { kind: UserKind; live: UserObject } {
    const kind = USER_KINDS.find((candidate) => candidate === meta.kind);
    const live = kind === undefined ? undefined : this.cacheOf<UserObject>(resourceOf(kind)).get(meta.name);
    if (kind === undefined || live === undefined) {
      throw new ApiError('NotFound', 404, `${meta.kind} ${meta.name} is not in the cache`);
    }
    return { kind, live };
  }

  private async watchAll(state: ClusterState): Promise<void> {
    const on =
      <T extends ApiObject>(take: (change: Change<T>) => void) =>
      ({ change }: CacheEvent) => {
        take(change as Change<T>);
        return Promise.resolve();
      };
    for (const kind of USER_KINDS) {
      const take = on<UserObject>((change) => state.userObjectChanged(kind, change));
      await this.watchResource(GROUP, VERSION, PLURALS[kind], take);
    }
    await this.watchResource(
      GROUP,
      VERSION,
      PLURALS.ScstNode,
      on<ScstNodeObject>((change) => state.scstNodeChanged(change)),
    );
    await this.watchResource(
      NODES.group,
      NODES.version,
      NODES.plural,
      on<NodeObject>((change) => state.nodeChanged(change)),
    );
    const lease = on<LeaseObject>((change) => state.leaseChanged(change));
    await this.watchResource(LEASES.group, LEASES.version, LEASES.plural, lease, this.options.namespace);
  }

  private createState(setupId: string): ClusterState {
    const objects = Object.fromEntries(USER_KINDS.map((kind) => [kind, this.cacheOf<UserObject>(resourceOf(kind))]));
    return new ClusterState({
      planner: new Planner(setupId),
      caches: {
        nodes: this.cacheOf<NodeObject>(NODES),
        scstNodes: this.cacheOf<ScstNodeObject>(SCST_NODES),
        objects: objects as Record<UserKind, Cache<UserObject>>,
      },
      now,
      enqueue: (key) => this.term?.enqueue(key),
    });
  }

  private createElector(state: ClusterState): LeaderElector {
    const { namespace, leaderElect, leaseDurationSeconds, metrics } = this.options;
    return new LeaderElector({
      api: this.api,
      namespace,
      name: LEADER_LEASE,
      identity: this.identity,
      durationSeconds: leaseDurationSeconds,
      takeOver: !leaderElect,
      highest: () => state.highestEpoch(),
      lead: async (epoch, signal) => {
        this.log.info({ epoch, identity: this.identity }, 'leading');
        metrics.leading(epoch);
        await this.lead(state, epoch, signal);
        metrics.leading(undefined);
        this.log.info({ epoch }, 'no longer leading');
      },
      onError: (error) => this.log.warn({ error: messageOf(error) }, 'the leader Lease could not be read or renewed'),
    });
  }

  private async lead(state: ClusterState, epoch: number, signal: AbortSignal): Promise<void> {
    // What the former leader wrote last may not be in the caches yet, and decisions build on it.
    await Promise.race([
      Promise.all([...this.reflectors.values()].map((reflector) => reflector.refresh())),
      aborted(signal),
    ]);
    const { logger, metrics, nodeGracePeriodMilliseconds } = this.options;
    this.term = new Term({
      state,
      epoch,
      now,
      logger,
      metrics,
      writes: this.writes(signal),
      gracePeriodMilliseconds: nodeGracePeriodMilliseconds,
      report: (object, event) => this.recorder.record(object, event),
    });
    await this.term.run(signal);
    this.term = undefined;
  }

  private writes(signal: AbortSignal): ClusterWrites {
    const { api, writer } = this;
    return new ClusterWrites({ api, writer, signal, observe: (resource, object) => this.observe(resource, object) });
  }

  private observe({ plural }: Resource, object: ApiObject): void {
    this.reflectors.get(plural)?.observe(object);
  }

  private cacheOf<T extends ApiObject>({ plural }: Resource): Cache<T> {
    return {
      get: (name) => this.reflectors.get(plural)?.get(name) as T | undefined,
      list: () => (this.reflectors.get(plural)?.list() ?? []) as readonly T[],
    };
  }

  /** Tries until it succeeds; the reason why not yet is in `notReady`. Undefined when stopped before. */
  private async persist<T>(what: string, action: () => Promise<T>): Promise<T | undefined> {
    const backoff = new Backoff({ firstMilliseconds: 500, factor: 2, limitMilliseconds: 10_000 });
    while (!this.stopping.signal.aborted) {
      try {
        return await action();
      } catch (error) {
        this.problem = `${what}: ${messageOf(error)}`;
        this.log.warn({ error: messageOf(error) }, `${what}: not yet`);
        await sleep(backoff.next(), this.stopping.signal);
      }
    }
    return undefined;
  }
}

/** The base class types times as Date, but over its own watch they are the strings that the API server sends, too. */
function asBaseObject(object: ApiObject): KubernetesObject {
  return object as unknown as KubernetesObject;
}

/** Milliseconds since 1970, but never set back while the process runs. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

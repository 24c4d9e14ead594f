// A Lease of the API that one of several processes holds, and what follows from holding it or not.
import { Backoff, sleep } from './backoff.js';
import type { Api } from './client.js';
import { isApiError } from './errors.js';
import { LEASES, apiVersionOf, pathOf, type ApiObject, type OwnerReference } from './resources.js';

export interface LeaseObject extends ApiObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

export interface LeaseOptions {
  readonly api: Api;
  readonly namespace: string;
  readonly name: string;
  /** Of this process, and of no other at any time. */
  readonly identity: string;
  readonly durationSeconds: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  /** Take the Lease whoever holds it: for a process that is the only one by other means. */
  readonly takeOver?: boolean;
  /** Local, monotonic, in milliseconds. */
  readonly now?: () => number;
}

/** One Lease as seen by one process. All methods throw ApiError. */
export class Lease {
  private observed: { version: string | undefined; at: number } | undefined;
  /** The Lease as this process wrote it last. */
  private held: LeaseObject | undefined;
  /** `leaseTransitions` of what this process holds; what tells a renewal whose answer was lost from a change of hands. */
  private term: number | undefined;

  constructor(private readonly options: LeaseOptions) {}

  /**
   * Renews the Lease, or takes it when nobody holds it or its holder's time is over, and answers `leaseTransitions`
   * when it is ours now. The count rises with every change of hands, and is at least `floor`: it survives the
   * Lease's deletion as far as the caller knows it.
   *
   * Time is measured here, since this process last saw the Lease change: clocks of machines differ.
   */
  async acquireOrRenew(floor = 0): Promise<number | undefined> {
    const current = this.held ?? (await this.read());
    if (current === undefined) {
      return this.write('POST', this.body({}, Math.max(1, floor), true));
    }
    const spec = current.spec ?? {};
    const mine = spec.holderIdentity === this.options.identity;
    if (!mine && this.options.takeOver !== true && this.isHeld(current)) {
      return undefined;
    }
    const same = mine && spec.leaseTransitions === this.term;
    const transitions = Math.max((spec.leaseTransitions ?? 0) + (same ? 0 : 1), floor);
    return this.write('PUT', this.body(current, transitions, !same));
  }

  /** Gives the Lease back, so that the next one need not wait. Does nothing when it isn't held. */
  async release(): Promise<void> {
    const current = this.held;
    this.held = undefined;
    this.term = undefined;
    if (current !== undefined) {
      await this.send('PUT', { ...current, spec: { ...current.spec, holderIdentity: '', leaseDurationSeconds: 1 } });
    }
  }

  private isHeld({ metadata, spec }: LeaseObject): boolean {
    const now = this.now();
    if (this.observed?.version !== metadata.resourceVersion) {
      this.observed = { version: metadata.resourceVersion, at: now };
    }
    const holder = spec?.holderIdentity ?? '';
    const duration = (spec?.leaseDurationSeconds ?? this.options.durationSeconds) * 1000;
    return holder !== '' && now - (this.observed?.at ?? now) < duration;
  }

  private body(current: Partial<LeaseObject>, leaseTransitions: number, taken: boolean): LeaseObject {
    const { namespace, name, identity, durationSeconds, labels, ownerReferences } = this.options;
    const renewTime = new Date().toISOString().replace(/Z$/, '000Z');
    return {
      metadata: {
        ...current.metadata,
        namespace,
        name,
        labels: { ...current.metadata?.labels, ...labels },
        ...(ownerReferences === undefined ? {} : { ownerReferences: [...ownerReferences] }),
      },
      spec: {
        ...current.spec,
        holderIdentity: identity,
        leaseDurationSeconds: durationSeconds,
        leaseTransitions,
        renewTime,
        ...(taken ? { acquireTime: renewTime } : {}),
      },
    };
  }

  /** Undefined when another process was faster. */
  private async write(method: 'POST' | 'PUT', lease: LeaseObject): Promise<number | undefined> {
    try {
      this.held = await this.send(method, lease);
      this.term = this.held.spec?.leaseTransitions;
      return this.term;
    } catch (error) {
      this.held = undefined;
      if (isApiError(error, 'Conflict', 'AlreadyExists', 'NotFound')) {
        return undefined;
      }
      throw error;
    }
  }

  private async read(): Promise<LeaseObject | undefined> {
    try {
      return await this.options.api.request<LeaseObject>({
        method: 'GET',
        path: this.path(true),
        signal: this.timeout(),
      });
    } catch (error) {
      if (isApiError(error, 'NotFound')) {
        return undefined;
      }
      throw error;
    }
  }

  private send(method: 'POST' | 'PUT', lease: LeaseObject): Promise<LeaseObject> {
    const body = { ...lease, apiVersion: apiVersionOf(LEASES), kind: LEASES.kind };
    return this.options.api.request<LeaseObject>({
      method,
      path: this.path(method === 'PUT'),
      body,
      signal: this.timeout(),
    });
  }

  /** Short, so that there is time for another attempt before the Lease runs out. */
  private timeout(): AbortSignal {
    return AbortSignal.timeout(Math.ceil((this.options.durationSeconds * 1000) / 3));
  }

  private path(named: boolean): string {
    const { namespace, name } = this.options;
    return pathOf(LEASES, { namespace, ...(named ? { name } : {}) });
  }

  private now(): number {
    return (this.options.now ?? (() => performance.now()))();
  }
}

export interface LeaseHolderOptions extends LeaseOptions {
  readonly renewSeconds: number;
  readonly onError?: (error: unknown) => void;
}

/** Renews a Lease that only this process is to hold, for as long as it runs: how an agent says that it is alive. */
export class LeaseHolder {
  /** Resolves when the Lease was held for the first time. */
  readonly acquired: Promise<void>;
  private readonly stopping = new AbortController();
  private readonly lease: Lease;
  private running: Promise<void> | undefined;
  private onAcquired: () => void = () => undefined;

  constructor(private readonly options: LeaseHolderOptions) {
    this.lease = new Lease(options);
    this.acquired = new Promise((resolve) => (this.onAcquired = resolve));
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Resolves when nothing runs on. The Lease is kept: it expires if nobody takes over. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const milliseconds = this.options.renewSeconds * 1000;
    const backoff = new Backoff({ firstMilliseconds: 500, factor: 2, limitMilliseconds: milliseconds });
    while (!signal.aborted) {
      try {
        if ((await this.lease.acquireOrRenew()) !== undefined) this.onAcquired();
        backoff.reset();
        await sleep(milliseconds, signal);
      } catch (error) {
        this.options.onError?.(error);
        await sleep(backoff.next(), signal);
      }
    }
  }
}

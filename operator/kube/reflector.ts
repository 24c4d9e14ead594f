// A cache of one collection of the API that stays true through ends, errors, gaps and half-open connections.
import { Backoff, sleep, type BackoffOptions } from './backoff.js';
import type { Api } from './client.js';
import { ApiError, isApiError } from './errors.js';
import { linkSignals } from './signals.js';
import { apiVersionOf, pathOf, type ApiObject, type Resource } from './resources.js';

const PAGE_SIZE = 500;
/**
 * How long one watch lasts. It also bounds how long a connection that silently died goes unnoticed: below a minute,
 * because nothing else tells (bookmarks of a quiet collection come once a minute). A watch that ends by itself ends
 * with a bookmark, so the next one continues there and costs no list.
 */
const WATCH_SECONDS = 45;
const GRACE_MS = 5_000;
const BACKOFF: BackoffOptions = { firstMilliseconds: 100, factor: 4, limitMilliseconds: 30_000 };
/** A watch that ends sooner than this counts as failed, so that no server can make us reconnect in a tight loop. */
const SHORT_WATCH_MS = 5_000;

/** A change of the cache; `previous` is what it held before. */
export type Change<T> =
  | { readonly type: 'Added'; readonly object: T }
  | { readonly type: 'Modified'; readonly object: T; readonly previous: T }
  | { readonly type: 'Deleted'; readonly object: T };

export interface ReflectorOptions<T> {
  readonly api: Api;
  readonly resource: Resource;
  readonly namespace?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Called for each change in order, after the cache has it. Must not throw and should only enqueue. */
  readonly onChange?: (change: Change<T>) => void;
  /** Called for each failed list or watch. The cache keeps what it has. */
  readonly onError?: (error: ApiError) => void;
  readonly watchSeconds?: number;
  /** How long after its time a watch that didn't end is given up. */
  readonly graceMilliseconds?: number;
  readonly backoff?: BackoffOptions;
  readonly pageSize?: number;
  readonly random?: () => number;
}

interface ListAnswer<T> {
  metadata: { resourceVersion: string; continue?: string };
  items: T[] | null;
}
interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: T & { code?: number; message?: string };
}

export class Reflector<T extends ApiObject> {
  private readonly objects = new Map<string, T>();
  private readonly stopping = new AbortController();
  private readonly backoff: Backoff;
  private readonly path: string;
  private running: Promise<void> | undefined;
  private resourceVersion: string | undefined;
  private cut: AbortController | undefined;
  private lists = 0;
  private wantedLists = 1;
  private listing = false;
  private waiters: { lists: number; resolve: () => void }[] = [];

  constructor(private readonly options: ReflectorOptions<T>) {
    const { random, resource, namespace, backoff = BACKOFF } = options;
    this.path = pathOf(resource, namespace === undefined ? {} : { namespace });
    this.backoff = new Backoff(random === undefined ? backoff : { ...backoff, random });
  }

  /** Starts once; resolves with the first complete list. */
  start(): Promise<void> {
    this.running ??= this.run();
    return this.listed(1);
  }

  /** Resolves when nothing runs on. Changes are no longer delivered. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    this.release(Number.POSITIVE_INFINITY);
  }

  /** True once there was a complete list. */
  get synced(): boolean {
    return this.lists > 0;
  }

  /** Lists again, at once; resolves when the cache is at least as new as this call. */
  refresh(): Promise<void> {
    // A list that runs now may have been answered before this call, so it isn't the one to wait for.
    this.wantedLists = Math.max(this.wantedLists, this.lists + (this.listing ? 2 : 1));
    this.cut?.abort();
    return this.listed(this.wantedLists);
  }

  get(name: string, namespace = this.options.namespace): T | undefined {
    return this.objects.get(keyOf(name, namespace));
  }

  list(): readonly T[] {
    return [...this.objects.values()];
  }

  /**
   * Takes the answer to a write of our own, so that what follows reads it. Only ever replaces an older state of the
   * same object: an object that the watch saw deleted must not come back.
   */
  observe(object: T): void {
    const current = this.objects.get(keyOfObject(object));
    if (current !== undefined && current.metadata.uid === object.metadata.uid) {
      this.set(object);
    }
  }

  private listed(count: number): Promise<void> {
    if (this.lists >= count || this.stopping.signal.aborted) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.waiters.push({ lists: count, resolve }));
  }

  private release(count: number): void {
    const due = this.waiters.filter((waiter) => waiter.lists <= count);
    this.waiters = this.waiters.filter((waiter) => waiter.lists > count);
    due.forEach((waiter) => waiter.resolve());
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const started = performance.now();
      this.cut = new AbortController();
      const either = linkSignals([signal, this.cut.signal]);
      try {
        if (this.resourceVersion === undefined || this.lists < this.wantedLists) {
          await this.relist();
        }
        await this.watch(either.signal);
      } catch (error) {
        this.failed(error);
      }
      if (performance.now() - started >= SHORT_WATCH_MS) {
        this.backoff.reset();
      }
      await sleep(this.cut.signal.aborted ? 0 : this.backoff.next(), either.signal);
      either.release();
    }
  }

  private failed(error: unknown): void {
    if (this.stopping.signal.aborted || this.cut?.signal.aborted) {
      return;
    }
    if (isApiError(error, 'Expired')) {
      this.resourceVersion = undefined;
    }
    const { resource, onError } = this.options;
    onError?.(isApiError(error) ? error : new ApiError('Unknown', 0, `${resource.plural}: ${String(error)}`));
  }

  private async relist(): Promise<void> {
    this.listing = true;
    try {
      const newest = this.newest();
      const { found, resourceVersion } = await this.fetch();
      // Only a restore of the server's data takes its history back; then even an older state is the true one.
      this.replace(found, BigInt(resourceVersion) < newest);
      this.resourceVersion = resourceVersion;
      this.lists += 1;
    } finally {
      this.listing = false;
    }
    this.release(this.lists);
  }

  private async fetch(): Promise<{ found: Map<string, T>; resourceVersion: string }> {
    const { api, resource, fieldSelector, labelSelector, pageSize = PAGE_SIZE } = this.options;
    const found = new Map<string, T>();
    let next: string | undefined;
    for (;;) {
      const { items, metadata }: ListAnswer<T> = await api.request({
        method: 'GET',
        path: this.path,
        query: { limit: pageSize, continue: next, fieldSelector, labelSelector },
        signal: this.stopping.signal,
      });
      for (const item of items ?? []) {
        // The items of a list don't say what they are.
        found.set(keyOfObject(item), { ...item, apiVersion: apiVersionOf(resource), kind: resource.kind });
      }
      if (metadata.continue === undefined || metadata.continue === '') {
        return { found, resourceVersion: metadata.resourceVersion };
      }
      next = metadata.continue;
    }
  }

  private replace(found: ReadonlyMap<string, T>, force: boolean): void {
    for (const [key, object] of [...this.objects]) {
      if (found.get(key)?.metadata.uid !== object.metadata.uid) {
        this.delete(key);
      }
    }
    found.forEach((object) => this.set(object, force));
  }

  private newest(): bigint {
    return [...this.objects.values()].reduce((newest, object) => {
      const version = versionOf(object);
      return version > newest ? version : newest;
    }, 0n);
  }

  private async watch(signal: AbortSignal): Promise<void> {
    const { api, fieldSelector, labelSelector, random = Math.random } = this.options;
    const { watchSeconds = WATCH_SECONDS, graceMilliseconds = GRACE_MS } = this.options;
    // Spread, so that a thousand agents that a restart of the API server put in step don't stay in step.
    const timeoutSeconds = Math.max(1, Math.round(watchSeconds * (1 - 0.2 * random())));
    const lines = api.lines({
      path: this.path,
      query: {
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: this.resourceVersion,
        timeoutSeconds,
        fieldSelector,
        labelSelector,
      },
      signal,
      lifetimeMilliseconds: timeoutSeconds * 1000 + graceMilliseconds,
    });
    for await (const line of lines) {
      if (signal.aborted) {
        return;
      }
      this.take(JSON.parse(line) as WatchEvent<T>);
    }
  }

  private take({ type, object }: WatchEvent<T>): void {
    if (type === 'ERROR') {
      const code = object.code ?? 0;
      const message = `watch of ${this.path}: ${object.message ?? 'error event'}`;
      throw new ApiError(code === 410 ? 'Expired' : 'Unavailable', code, message);
    }
    if (type === 'DELETED') {
      const key = keyOfObject(object);
      if (this.objects.get(key)?.metadata.uid === object.metadata.uid) {
        this.delete(key, object);
      }
    } else if (type !== 'BOOKMARK') {
      this.set(object);
    }
    this.resourceVersion = object.metadata.resourceVersion;
  }

  private set(object: T, force = false): void {
    const key = keyOfObject(object);
    const previous = this.objects.get(key);
    if (previous !== undefined && previous.metadata.uid !== object.metadata.uid) {
      // Deleted and made again under the same name during a gap: two objects, not an update of one.
      this.delete(key);
      this.set(object);
      return;
    }
    if (previous !== undefined && !(force || versionOf(object) > versionOf(previous))) {
      return;
    }
    this.objects.set(key, object);
    this.emit(previous === undefined ? { type: 'Added', object } : { type: 'Modified', object, previous });
  }

  private delete(key: string, last?: T): void {
    const object = last ?? this.objects.get(key);
    if (object !== undefined) {
      this.objects.delete(key);
      this.emit({ type: 'Deleted', object });
    }
  }

  private emit(change: Change<T>): void {
    if (!this.stopping.signal.aborted) {
      this.options.onChange?.(change);
    }
  }
}

/** Resource versions of one collection are integers that grow (API servers promise it since 1.35 and always did it). */
function versionOf({ metadata }: ApiObject): bigint {
  return BigInt(metadata.resourceVersion ?? '0');
}

function keyOfObject({ metadata }: ApiObject): string {
  return keyOf(metadata.name, metadata.namespace);
}

function keyOf(name: string, namespace: string | undefined): string {
  return `${namespace ?? ''}/${name}`;
}

// Behaviour of Leases and leader election over an in-memory API server and clocks of the test's own.
import type { Api, ApiRequest } from './client.js';
import { ApiError } from './errors.js';
import { LeaderElector } from './leader.js';
import { Lease, LeaseHolder, type LeaseObject, type LeaseOptions } from './lease.js';

/** One Lease behind optimistic locking. */
class LeaseApi implements Api {
  stored: LeaseObject | undefined;
  /** Thrown by the next request, before or after it took effect. */
  failure: { error: ApiError; after: boolean } | undefined;
  private version = 0;

  request<T>(request: ApiRequest): Promise<T> {
    const failure = this.failure;
    this.failure = undefined;
    if (failure?.after === false) {
      return Promise.reject(failure.error);
    }
    try {
      const answer = this.answer(request);
      return failure === undefined ? Promise.resolve(answer as T) : Promise.reject(failure.error);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async *lines(): AsyncGenerator<string, void, undefined> {
    throw new Error('not used');
  }

  private answer({ method, body }: ApiRequest): LeaseObject {
    const lease = structuredClone(body) as LeaseObject;
    if (method === 'POST' ? this.stored !== undefined : this.stored === undefined) {
      throw method === 'POST' ? new ApiError('AlreadyExists', 409, 'exists') : new ApiError('NotFound', 404, 'gone');
    }
    if (method === 'PUT' && lease.metadata.resourceVersion !== this.stored?.metadata.resourceVersion) {
      throw new ApiError('Conflict', 409, 'changed');
    }
    if (method !== 'GET') {
      this.version += 1;
      this.stored = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(this.version) } };
    }
    return structuredClone(this.stored as LeaseObject);
  }
}

const UNREACHABLE = new ApiError('Unreachable', 0, 'no answer');
let api: LeaseApi;
let time: number;

beforeEach(() => {
  api = new LeaseApi();
  time = 0;
});

function options(identity: string, more: Partial<LeaseOptions> = {}): LeaseOptions {
  return { api, namespace: 'ns', name: 'leader', identity, durationSeconds: 15, now: () => time, ...more };
}

describe('Lease', () => {
  it('is had by the first, and renewed under the same count', async () => {
    const lease = new Lease(options('a'));
    expect(await lease.acquireOrRenew()).toBe(1);
    expect(await lease.acquireOrRenew()).toBe(1);
    expect(api.stored?.spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: 1, leaseDurationSeconds: 15 });
  });

  it('goes to another only when it did not change for its duration, by the clock of who waits', async () => {
    const [a, b] = [new Lease(options('a')), new Lease(options('b'))];
    await a.acquireOrRenew();
    // However old its time stamps look: the clock of the holder's machine may be wrong.
    api.stored = {
      ...api.stored,
      spec: { ...api.stored?.spec, renewTime: '2001-01-01T00:00:00.000000Z' },
    } as LeaseObject;
    expect(await b.acquireOrRenew()).toBeUndefined();
    time = 14_000;
    expect(await b.acquireOrRenew()).toBeUndefined();
    await a.acquireOrRenew();
    time = 20_000;
    expect(await b.acquireOrRenew()).toBeUndefined();
    time = 35_000;
    expect(await b.acquireOrRenew()).toBe(2);
    expect(await a.acquireOrRenew()).toBeUndefined();
  });

  it('goes to the next at once after a release, under a higher count', async () => {
    const [a, b] = [new Lease(options('a')), new Lease(options('b'))];
    await a.acquireOrRenew();
    await a.release();
    expect(await b.acquireOrRenew()).toBe(2);
  });

  it('keeps its count over a renewal whose answer was lost', async () => {
    const lease = new Lease(options('a'));
    await lease.acquireOrRenew();
    api.failure = { error: UNREACHABLE, after: true };
    await expect(lease.acquireOrRenew()).rejects.toBe(UNREACHABLE);
    expect(await lease.acquireOrRenew()).toBe(1);
  });

  it('has a new count for a process that comes back under the same identity', async () => {
    await new Lease(options('node-1')).acquireOrRenew();
    expect(await new Lease(options('node-1')).acquireOrRenew()).toBe(2);
  });

  it('never has a count below the floor, also when it was deleted', async () => {
    const lease = new Lease(options('a'));
    await lease.acquireOrRenew();
    api.stored = undefined;
    expect(await lease.acquireOrRenew(7)).toBeUndefined();
    expect(await lease.acquireOrRenew(7)).toBe(7);
  });

  it('may last any time', async () => {
    expect(await new Lease(options('a', { durationSeconds: 40 })).acquireOrRenew()).toBe(1);
  });

  it('is had by one of two that try at the same moment', async () => {
    const results = await Promise.all(
      [new Lease(options('a')), new Lease(options('b'))].map((l) => l.acquireOrRenew()),
    );
    expect(results.filter((count) => count !== undefined)).toEqual([1]);
  });

  it('is taken from its holder by one that may', async () => {
    const holder = new Lease(options('a'));
    await holder.acquireOrRenew();
    expect(await new Lease(options('b', { takeOver: true })).acquireOrRenew()).toBe(2);
    expect(await holder.acquireOrRenew()).toBeUndefined();
  });
});

describe('LeaseHolder', () => {
  it('tells when it holds the Lease for the first time, and writes whose it is', async () => {
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' };
    api.failure = { error: UNREACHABLE, after: false };
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const holder = new LeaseHolder({ ...options('a'), renewSeconds: 10, ownerReferences: [owner], onError });
    holder.start();
    await holder.acquired;
    expect(errors).toEqual([UNREACHABLE]);
    expect(api.stored?.metadata.ownerReferences).toEqual([owner]);
    await holder.stop();
  });
});

describe('LeaderElector', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  interface Candidate {
    elector: LeaderElector;
    events: string[];
  }

  function candidate(identity: string, highest = () => 0): Candidate {
    const events: string[] = [];
    const elector = new LeaderElector({
      ...options(identity, { now: () => Date.now() }),
      highest,
      lead: async (epoch, signal) => {
        events.push(`begin ${epoch}`);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        events.push(`end ${epoch}`);
      },
    });
    return { elector, events };
  }

  it('hands over on stop: the stand-by leads within a retry, in a later term', async () => {
    const [a, b] = [candidate('a'), candidate('b')];
    a.elector.start();
    await jest.advanceTimersByTimeAsync(10);
    b.elector.start();
    await jest.advanceTimersByTimeAsync(60_000);
    expect([a.events, b.events]).toEqual([['begin 1'], []]);
    const stopped = a.elector.stop();
    await jest.advanceTimersByTimeAsync(2_000);
    await stopped;
    expect([a.events, b.events]).toEqual([['begin 1', 'end 1'], ['begin 2']]);
    expect([a.elector.epoch, b.elector.epoch]).toEqual([undefined, 2]);
  });

  it('stops leading when it could not renew, before another may begin', async () => {
    const [a, b] = [candidate('a'), candidate('b')];
    a.elector.start();
    await jest.advanceTimersByTimeAsync(10);
    b.elector.start();
    await jest.advanceTimersByTimeAsync(10_000);
    // Only a is cut off: its own requests fail from now on.
    const answer = api.request.bind(api);
    api.request = (request) => {
      const { holderIdentity } = (request.body as LeaseObject | undefined)?.spec ?? {};
      return holderIdentity === 'a' ? Promise.reject(UNREACHABLE) : answer(request);
    };
    let aEnded: number | undefined;
    const start = Date.now();
    while (b.events.length === 0) {
      await jest.advanceTimersByTimeAsync(100);
      aEnded ??= a.events.includes('end 1') ? Date.now() - start : undefined;
    }
    expect(aEnded).toBeLessThanOrEqual(10_100);
    expect(Date.now() - start - (aEnded ?? 0)).toBeGreaterThanOrEqual(2_000);
    expect(b.events).toEqual(['begin 2']);
  });

  it('begins a higher term when a higher one turns out to have been in use', async () => {
    let highest = 0;
    const a = candidate('a', () => highest);
    a.elector.start();
    await jest.advanceTimersByTimeAsync(10);
    highest = 41;
    await jest.advanceTimersByTimeAsync(2_000);
    expect(a.events).toEqual(['begin 1', 'end 1', 'begin 42']);
    highest = 42;
    await jest.advanceTimersByTimeAsync(20_000);
    expect(a.elector.epoch).toBe(42);
  });
});

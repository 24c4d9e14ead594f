// Behaviour of the reflector against an API server that ends, fails, forgets and falls silent.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { ApiClient } from './client.js';
import type { ApiError } from './errors.js';
import { Reflector, type Change, type ReflectorOptions } from './reflector.js';
import { CONFIG_MAPS, type ApiObject } from './resources.js';

/** A collection of config maps with a history, over real HTTP. */
class FakeApiServer {
  private readonly server: Server;
  private readonly objects = new Map<string, ApiObject>();
  private history: { type: string; object: ApiObject }[] = [];
  private watches = new Set<ServerResponse>();
  private version = 10;
  private uid = 0;
  /** Watches from before this version are answered with 410. */
  oldest = 0;
  lists = 0;
  watchVersions: string[] = [];
  /** What the next request is answered with instead. */
  interception: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;

  constructor() {
    this.server = createServer((request, response) => {
      if (this.interception?.(request, response) !== true) {
        this.answer(request, response);
      }
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  put(name: string, note = ''): ApiObject {
    const before = this.objects.get(name);
    this.version += 1;
    const uid = before?.metadata.uid ?? `uid-${(this.uid += 1)}`;
    const object = {
      metadata: { name, namespace: 'ns', uid, resourceVersion: String(this.version), labels: { note } },
    };
    this.objects.set(name, object);
    this.publish(before === undefined ? 'ADDED' : 'MODIFIED', object);
    return object;
  }

  delete(name: string): void {
    const object = this.objects.get(name);
    this.objects.delete(name);
    this.version += 1;
    if (object !== undefined) {
      const metadata = { ...object.metadata, resourceVersion: String(this.version) };
      this.publish('DELETED', { ...object, metadata });
    }
  }

  /** What happened so far can no longer be watched. */
  compact(): void {
    this.oldest = this.version;
    this.history = [];
  }

  send(event: object): void {
    this.watches.forEach((watch) => watch.write(`${JSON.stringify(event)}\n`));
  }

  endWatches(): void {
    this.watches.forEach((watch) => watch.end());
  }

  resetWatches(): void {
    this.watches.forEach((watch) => watch.socket?.resetAndDestroy());
  }

  /** The connections stay open, and nothing comes any more. */
  silenceWatches(): void {
    this.watches.clear();
  }

  get openWatches(): number {
    return this.watches.size;
  }

  private publish(type: string, object: ApiObject): void {
    this.history.push({ type, object });
    this.send({ type, object });
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    if (query.get('watch') === null) {
      this.answerList(query, response);
      return;
    }
    const from = Number(query.get('resourceVersion'));
    this.watchVersions.push(String(from));
    response.writeHead(200);
    if (from < this.oldest) {
      const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
      return;
    }
    response.flushHeaders();
    this.history
      .filter(({ object }) => Number(object.metadata.resourceVersion) > from)
      .forEach((event) => response.write(`${JSON.stringify(event)}\n`));
    this.watches.add(response);
    response.once('close', () => this.watches.delete(response));
  }

  private answerList(query: URLSearchParams, response: ServerResponse): void {
    this.lists += 1;
    const start = Number(query.get('continue') ?? 0);
    const end = start + Number(query.get('limit'));
    const all = [...this.objects.values()];
    const metadata = {
      resourceVersion: String(this.version),
      ...(end < all.length ? { continue: String(end) } : {}),
    };
    response.end(JSON.stringify({ metadata, items: all.slice(start, end) }));
  }
}

let server: FakeApiServer;
let reflector: Reflector<ApiObject>;
let changes: Change<ApiObject>[];
let errors: ApiError[];
let observers: (() => void)[];

/** Resolves when `condition` holds, which is looked at after each change, error and request. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 20);
      observers.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
const notify = () => observers.splice(0).forEach((observer) => observer());
const names = () =>
  reflector
    .list()
    .map(({ metadata }) => metadata.name)
    .sort();
const seen = () => changes.map(({ type, object }) => `${type} ${object.metadata.name}`);

async function start(options: Partial<ReflectorOptions<ApiObject>> = {}): Promise<void> {
  const url = await server.start();
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'c', server: url, skipTLSVerify: true }],
    users: [{ name: 'u' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  reflector = new Reflector<ApiObject>({
    api: new ApiClient(kubeConfig, 'test'),
    resource: CONFIG_MAPS,
    namespace: 'ns',
    random: () => 0,
    backoff: { firstMilliseconds: 5, factor: 2, limitMilliseconds: 40 },
    onChange: (change) => {
      changes.push(change);
      notify();
    },
    onError: (error) => {
      errors.push(error);
      notify();
    },
    ...options,
  });
  await reflector.start();
  await until(() => server.openWatches === 1);
}

beforeEach(() => {
  server = new FakeApiServer();
  [changes, errors, observers] = [[], [], []];
});
afterEach(async () => {
  await reflector.stop();
  await server.stop();
});

describe('Reflector', () => {
  it('has all pages of the list, and then each change', async () => {
    ['a', 'b', 'c', 'd', 'e'].forEach((name) => server.put(name));
    await start({ pageSize: 2 });
    expect(names()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(server.lists).toBe(3);
    expect(reflector.get('a')).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    changes = [];
    server.put('f');
    server.put('a', 'changed');
    server.delete('b');
    await until(() => changes.length === 3);
    expect(seen()).toEqual(['Added f', 'Modified a', 'Deleted b']);
    expect(changes[1]).toMatchObject({ previous: { metadata: { labels: { note: '' } } } });
  });

  it('continues an ended watch where it was, without listing again or repeating anything', async () => {
    server.put('a');
    await start();
    server.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '99' } } });
    server.endWatches();
    await until(() => server.openWatches === 1 && server.watchVersions.length === 2);
    expect(server.watchVersions[1]).toBe('99');
    expect(server.lists).toBe(1);
    expect(seen()).toEqual(['Added a']);
    expect(errors).toEqual([]);
  });

  it('tells of a deletion that it missed when the history is gone', async () => {
    server.put('a');
    server.put('b');
    await start();
    server.delete('a');
    await until(() => changes.length === 3);
    changes = [];
    server.interception = (_request, response) => {
      response.writeHead(503).end();
      return true;
    };
    server.resetWatches();
    await until(() => errors.length >= 2);
    server.delete('b');
    server.put('c');
    server.compact();
    server.interception = undefined;
    await until(() => changes.length === 2);
    expect(seen()).toEqual(['Deleted b', 'Added c']);
    expect(errors.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['Unavailable', 'Expired']));
  });

  it('tells two objects of the same name apart by uid', async () => {
    server.put('a');
    await start();
    const first = reflector.get('a')?.metadata.uid;
    server.interception = (request) => {
      request.socket.destroy();
      return true;
    };
    server.resetWatches();
    await until(() => errors.length >= 1);
    server.delete('a');
    server.put('a');
    server.compact();
    server.interception = undefined;
    await until(() => changes.length === 3);
    expect(seen()).toEqual(['Added a', 'Deleted a', 'Added a']);
    expect(changes[1]?.object.metadata.uid).toBe(first);
    expect(reflector.get('a')?.metadata.uid).not.toBe(first);
  });

  it('leaves a watch that stays silent behind when its time is over', async () => {
    server.put('a');
    await start({ watchSeconds: 1, graceMilliseconds: 10 });
    server.silenceWatches();
    server.put('b');
    await until(() => names().includes('b'));
    expect(errors.map(({ reason }) => reason)).toEqual(['Unreachable']);
  }, 15_000);

  it('keeps what it knows while the server refuses', async () => {
    server.put('a');
    await start();
    server.compact();
    server.interception = (_request, response) => {
      response.writeHead(403).end(JSON.stringify({ kind: 'Status', reason: 'Forbidden', message: 'no' }));
      return true;
    };
    server.resetWatches();
    await until(() => errors.some(({ reason }) => reason === 'Forbidden'));
    expect(names()).toEqual(['a']);
    expect(seen()).toEqual(['Added a']);
  });

  it('reads its own writes at once, and is not set back by older events', async () => {
    const old = server.put('a');
    await start();
    const written = { ...old, metadata: { ...old.metadata, resourceVersion: '50', labels: { note: 'mine' } } };
    reflector.observe(written);
    expect(reflector.get('a')?.metadata.labels).toEqual({ note: 'mine' });
    server.put('a', 'older than mine');
    server.put('b');
    await until(() => names().includes('b'));
    expect(reflector.get('a')?.metadata.labels).toEqual({ note: 'mine' });
    expect(seen()).toEqual(['Added a', 'Modified a', 'Added b']);
  });

  it('does not bring back by a late answer what the watch saw deleted', async () => {
    const object = server.put('a');
    await start();
    server.delete('a');
    await until(() => changes.length === 2);
    reflector.observe(object);
    expect(names()).toEqual([]);
  });

  it('lists anew on refresh, and is as new as that then', async () => {
    await start();
    server.silenceWatches();
    server.put('a');
    await reflector.refresh();
    expect(names()).toEqual(['a']);
    expect(server.lists).toBe(2);
  });

  it('takes over an older state when the history of the server went back', async () => {
    server.put('a', 'before the backup');
    await start();
    const known = reflector.get('a');
    reflector.observe({ ...known, metadata: { name: 'a', ...known?.metadata, resourceVersion: '5000' } });
    await reflector.refresh();
    expect(reflector.get('a')?.metadata.resourceVersion).toBe('11');
  });

  it('delivers nothing after stop', async () => {
    await start();
    const stopped = reflector.stop();
    server.put('a');
    await stopped;
    expect(changes).toEqual([]);
    expect(server.openWatches).toBe(0);
  });
});

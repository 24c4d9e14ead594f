// How the client answers refusals, silence and broken connections, over real HTTP.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { ApiClient } from './client.js';
import { ApiError } from './errors.js';

let server: Server;
let answer: RequestListener;
let connections: number;
let client: ApiClient;

beforeEach(async () => {
  connections = 0;
  server = createServer((request, response) => answer(request, response));
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/behind/a/prefix`;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'c', server: url, skipTLSVerify: true }],
    users: [{ name: 'u', token: 'secret-token' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  client = new ApiClient(kubeConfig, 'test', 200);
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const get = () => client.request({ method: 'GET', path: '/api/v1/nodes', query: { limit: 1, continue: undefined } });

async function failure(run: Promise<unknown>): Promise<ApiError> {
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe('a request', () => {
  it('carries token, user agent and query to the path below the server', async () => {
    answer = ({ url, headers, method }, response) =>
      response.end(JSON.stringify({ url, method, token: headers.authorization, agent: headers['user-agent'] }));
    expect(await get()).toEqual({
      url: '/behind/a/prefix/api/v1/nodes?limit=1',
      method: 'GET',
      token: 'Bearer secret-token',
      agent: 'test',
    });
  });

  it('uses one connection for many', async () => {
    answer = (_request, response) => response.end('{}');
    for (let count = 0; count < 10; count += 1) {
      await get();
    }
    expect(connections).toBe(1);
  });

  it.each([
    [401, '', 'Unauthorized', false],
    [403, '', 'Forbidden', false],
    [404, '', 'NotFound', false],
    [409, 'Conflict', 'Conflict', false],
    [409, 'AlreadyExists', 'AlreadyExists', false],
    [410, 'Expired', 'Expired', false],
    [422, 'Invalid', 'Invalid', false],
    [429, '', 'TooManyRequests', true],
    [500, 'InternalError', 'Unavailable', true],
    [503, '', 'Unavailable', true],
    [418, '', 'Unknown', false],
  ])('answered with %i %s rejects with %s', async (code, reason, expected, retryable) => {
    answer = (_request, response) =>
      response.writeHead(code).end(JSON.stringify({ kind: 'Status', reason, message: 'because' }));
    const error = await failure(get());
    expect(error).toMatchObject({ code, reason: expected, retryable });
    expect(error.message).toBe('GET /api/v1/nodes: because');
  });

  it('tells when the server asks to wait', async () => {
    answer = (_request, response) => response.writeHead(429, { 'Retry-After': '7' }).end('no json');
    expect(await failure(get())).toMatchObject({
      retryAfterMilliseconds: 7_000,
      message: expect.stringContaining('no json') as string,
    });
  });

  it('ends when there is no answer in time', async () => {
    answer = () => undefined;
    expect(await failure(get())).toMatchObject({ reason: 'Unreachable', code: 0, retryable: true });
  });

  it('ends when the answer stops half-way', async () => {
    answer = (_request, response) => response.write('{"half":');
    expect((await failure(get())).reason).toBe('Unreachable');
  });

  it('ends when the connection is cut', async () => {
    answer = ({ socket }) => socket.destroy();
    expect((await failure(get())).reason).toBe('Unreachable');
  });

  it('is not sent over an idle connection of the same age after one turned out to be dead', async () => {
    const dead = new Set<unknown>();
    answer = ({ socket }, response) => {
      if (!dead.has(socket)) {
        response.end('{}');
      }
    };
    const sockets: unknown[] = [];
    server.on('connection', (socket) => sockets.push(socket));
    await Promise.all([get(), get(), get()]);
    sockets.forEach((socket) => dead.add(socket));
    expect(dead.size).toBe(3);
    expect((await failure(get())).reason).toBe('Unreachable');
    await expect(get()).resolves.toEqual({});
  });

  it('never shows the token in an error', async () => {
    answer = (_request, response) => response.writeHead(500).end();
    const error = await failure(get());
    expect(JSON.stringify(error) + error.message + (error.stack ?? '')).not.toContain('secret-token');
  });
});

describe('lines', () => {
  const follow = (signal = new AbortController().signal, lifetimeMilliseconds = 10_000) =>
    client.lines({ path: '/x', query: {}, signal, lifetimeMilliseconds });

  it('come whole, however the server cuts them', async () => {
    answer = (_request, response) => {
      response.write('{"a"');
      setImmediate(() => response.write(':1}\n{"b":'));
      setTimeout(() => response.end('2}\n'), 10);
    };
    const found: string[] = [];
    for await (const line of follow()) {
      found.push(line);
    }
    expect(found).toEqual(['{"a":1}', '{"b":2}']);
  });

  it('may stay away longer than an answer may', async () => {
    answer = (_request, response) => {
      response.flushHeaders();
      setTimeout(() => response.end('late\n'), 400);
    };
    for await (const line of follow()) {
      expect(line).toBe('late');
    }
    expect.assertions(1);
  });

  it('end with an error when their time is over', async () => {
    answer = (_request, response) => response.flushHeaders();
    expect((await failure(follow(undefined, 50).next())).reason).toBe('Unreachable');
  });

  it('end with an error when there is no answer at all', async () => {
    answer = () => undefined;
    expect((await failure(follow().next())).reason).toBe('Unreachable');
  });

  it('close their connection when nobody wants more', async () => {
    let closed: () => void;
    const close = new Promise<void>((resolve) => (closed = resolve));
    answer = (_request, response) => {
      response.write('one\ntwo\n');
      response.once('close', () => closed());
    };
    for await (const line of follow()) {
      expect(line).toBe('one');
      break;
    }
    await close;
  });
});

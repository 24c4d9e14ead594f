// Client and server of the protocol against each other over a real unix socket.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node';
import { connectEngine, type EngineClient } from './client.js';
import { serveEngine, type EngineHandlers, type EngineServer } from './server.js';
import { PROTOCOL_VERSION, type EngineStatus } from './types.js';

const status: EngineStatus = { protocolVersion: PROTOCOL_VERSION, pid: 1, version: 'test', units: [] };
const handlers: EngineHandlers = {
  configure: async () => status,
  status: async () => status,
  drain: async () => status,
  end: async () => ({}),
  reclaim: async ({ filename }) => ({ deleted: false, message: `${filename} is kept` }),
  act: async () => ({}),
};

let directory: string;
let socketPath: string;
const opened: { close(): unknown }[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'scst-protocol-'));
  socketPath = join(directory, 'engine.sock');
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  rmSync(directory, { recursive: true });
});

async function serve(changed: Partial<EngineHandlers> = {}): Promise<EngineServer> {
  const server = await serveEngine({ socketPath, version: '1.2.3', handlers: { ...handlers, ...changed } });
  opened.push(server);
  return server;
}
/** A client, and a promise of its next connection state. */
function connectClient(onStatusChanged: (status: EngineStatus) => void = () => undefined) {
  const waiting: ((connected: boolean) => void)[] = [];
  const client: EngineClient = connectEngine({
    socketPath,
    onStatusChanged,
    onConnectionChanged: (connected) => waiting.splice(0).forEach((resolve) => resolve(connected)),
    initialDelayMs: 5,
    maximumDelayMs: 20,
  });
  opened.push(client);
  return { client, changed: () => new Promise<boolean>((resolve) => waiting.push(resolve)) };
}

test('a call reaches its handler and brings the result back', async () => {
  await serve();
  const { client, changed } = connectClient();
  expect(await changed()).toBe(true);
  expect(await client.call('hello', { protocolVersion: PROTOCOL_VERSION })).toMatchObject({ version: '1.2.3' });
  expect(await client.call('reclaim', { filename: '/x', uid: 'u' })).toEqual({
    deleted: false,
    message: '/x is kept',
  });
});

test('the socket is for its owner only', async () => {
  await serve();
  expect(statSync(socketPath).mode & 0o777).toBe(0o600);
});

test('a socket that a dead engine left is replaced', async () => {
  writeFileSync(socketPath, '');
  await serve();
  const { changed } = connectClient();
  expect(await changed()).toBe(true);
});

test('a call without a connection rejects with EngineUnavailable', async () => {
  const { client } = connectClient();
  await expect(client.call('status', {})).rejects.toMatchObject({ code: 'EngineUnavailable' });
  expect(client.connected).toBe(false);
});

test('the client connects to an engine that starts later, and again after a restart', async () => {
  const { client, changed } = connectClient();
  expect(client.absent).toBe(false);
  expect(await changed()).toBe(false);
  expect(client.absent).toBe(true);
  const first = changed();
  const server = await serve();
  expect(await first).toBe(true);
  expect(client.absent).toBe(false);
  const lost = changed();
  await server.close();
  expect(await lost).toBe(false);
  expect(client.absent).toBe(true);
  const again = changed();
  await serve();
  expect(await again).toBe(true);
  expect(await client.call('status', {})).toEqual(status);
});

test('a call whose engine goes away before the answer rejects with EngineUnavailable', async () => {
  let reached = (): void => undefined;
  const arrived = new Promise<void>((resolve) => (reached = resolve));
  const server = await serve({
    drain: () => {
      reached();
      return new Promise(() => undefined);
    },
  });
  const { client, changed } = connectClient();
  await changed();
  const call = client.call('drain', {});
  const outcome = expect(call).rejects.toMatchObject({ code: 'EngineUnavailable' });
  await arrived;
  await server.close();
  await outcome;
});

test('an error of a handler comes back with its message', async () => {
  await serve({ status: () => Promise.reject(new Error('the moon is full')) });
  const { client, changed } = connectClient();
  await changed();
  await expect(client.call('status', {})).rejects.toThrow(/the moon is full/);
  await expect(client.call('status', {})).rejects.toMatchObject({ code: 'EngineRequestFailed' });
});

test('a configuration of another protocol version is refused and does not reach the handler', async () => {
  const configure = jest.fn(handlers.configure);
  await serve({ configure });
  const { client, changed } = connectClient();
  await changed();
  await expect(client.call('configure', { protocolVersion: 99, units: [] })).rejects.toMatchObject({
    code: 'ProtocolMismatch',
  });
  expect(configure).not.toHaveBeenCalled();
});

test('an engine of another protocol version is reported by each call', async () => {
  let reached = (): void => undefined;
  const greeted = new Promise<void>((resolve) => (reached = resolve));
  const server = createServer((socket) => {
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    connection.onRequest('hello', () => ({ protocolVersion: 99, pid: 1, version: 'future' }));
    connection.listen();
    socket.on('close', reached);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const { client } = connectClient();
  await greeted;
  await expect(client.call('status', {})).rejects.toMatchObject({ code: 'ProtocolMismatch', theirs: 99 });
  client.close();
  await new Promise((resolve) => server.close(resolve));
});

test('a status change reaches the client', async () => {
  const server = await serve();
  let arrived: (changedStatus: EngineStatus) => void = () => undefined;
  const next = new Promise<EngineStatus>((resolve) => (arrived = resolve));
  const { changed } = connectClient((changedStatus) => arrived(changedStatus));
  await changed();
  server.notifyStatusChanged(status);
  expect(await next).toEqual(status);
});

test('a call to an engine that dies at this very moment is refused, and leaves no rejection that would end the agent', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  let engine: Socket | undefined;
  const server = createServer((socket) => {
    engine = socket;
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    connection.onRequest('hello', () => ({ protocolVersion: PROTOCOL_VERSION, pid: 1, version: 'dying' }));
    connection.listen();
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const { client, changed } = connectClient();
  expect(await changed()).toBe(true);
  // The client has not heard of it when it writes.
  engine?.destroy();
  await expect(client.call('status', {})).rejects.toMatchObject({ code: 'EngineUnavailable' });
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
  process.off('unhandledRejection', note);
  client.close();
  await new Promise((resolve) => server.close(resolve));
});

test('a status change for an agent that dies at this very moment does not end the engine', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  const server = await serve();
  const agent = connect(socketPath);
  await new Promise((resolve) => agent.once('connect', resolve));
  const { changed } = connectClient();
  await changed();
  agent.destroy();
  for (let count = 0; count < 3; count += 1) server.notifyStatusChanged(status);
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
  process.off('unhandledRejection', note);
});

// The engine's side of the protocol: a JSON-RPC server on a unix socket, one connection per client.
import { unlinkSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import {
  createMessageConnection,
  ResponseError,
  SocketMessageReader,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import { PROTOCOL_MISMATCH_CODE, ProtocolMismatch } from './errors.js';
import { ConnectionEndingWriter } from './message-writer.js';
import {
  PROTOCOL_VERSION,
  type EngineConfiguration,
  STATUS_CHANGED,
  type EngineMethod,
  type EngineRequests,
  type EngineStatus,
} from './types.js';

export type EngineHandlers = {
  [Method in Exclude<EngineMethod, 'hello'>]: (
    params: EngineRequests[Method]['params'],
  ) => Promise<EngineRequests[Method]['result']>;
};

export interface EngineServer {
  /** Tells every connected client. */
  notifyStatusChanged(status: EngineStatus): void;
  /** Ends all connections and removes the socket. */
  close(): Promise<void>;
}

const METHODS: readonly Exclude<EngineMethod, 'hello'>[] = ['configure', 'status', 'drain', 'reclaim'];
/** sun_path of unix(7) has 108 bytes with the closing zero; Node truncates silently. */
const MAXIMUM_SOCKET_PATH = 107;

/**
 * Serves the protocol on `socketPath`, mode 0600. Only the holder of the engine's lock may call it:
 * a socket that is there already is taken for one that a dead engine left, and removed.
 */
export async function serveEngine(options: {
  socketPath: string;
  version: string;
  handlers: EngineHandlers;
  onError?: (error: Error) => void;
}): Promise<EngineServer> {
  const { socketPath, version, handlers, onError = () => undefined } = options;
  if (Buffer.byteLength(socketPath) > MAXIMUM_SOCKET_PATH)
    throw new Error(`the socket path ${socketPath} is longer than ${MAXIMUM_SOCKET_PATH} bytes`);
  const connections = new Set<MessageConnection>();

  const accept = (socket: Socket): void => {
    const connection = createMessageConnection(new SocketMessageReader(socket), new ConnectionEndingWriter(socket));
    connections.add(connection);
    connection.onClose(() => {
      connections.delete(connection);
      connection.dispose();
    });
    connection.onError(([error]) => onError(error));
    connection.onRequest('hello', () => ({ protocolVersion: PROTOCOL_VERSION, pid: process.pid, version }));
    for (const method of METHODS) {
      connection.onRequest(method, async (params: unknown): Promise<unknown> => {
        if (method === 'configure') checkVersion(params as EngineConfiguration);
        return await handlers[method](params as never);
      });
    }
    connection.listen();
  };

  const server = createServer(accept);
  server.on('error', onError);
  removeStaleSocket(socketPath);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // The socket is made inside listen(): a chmod afterwards would leave a moment in which anyone could connect.
    const umask = process.umask(0o177);
    try {
      server.listen(socketPath, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(umask);
    }
  });

  return {
    notifyStatusChanged(status) {
      for (const connection of connections) connection.sendNotification(STATUS_CHANGED, status).catch(onError);
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections) {
        connection.end();
        connection.dispose();
      }
      connections.clear();
      await closed;
    },
  };
}

function checkVersion(params: EngineConfiguration): void {
  if (params.protocolVersion === PROTOCOL_VERSION) return;
  const { message } = new ProtocolMismatch(PROTOCOL_VERSION, params.protocolVersion);
  throw new ResponseError(PROTOCOL_MISMATCH_CODE, message, { ours: PROTOCOL_VERSION });
}

function removeStaleSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

// A JSON-RPC server on a unix socket that only its owner can reach, one connection per client.
import { unlinkSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createMessageConnection, SocketMessageReader, type MessageConnection } from 'vscode-jsonrpc/node';
import { ConnectionEndingWriter } from './message-writer.js';

export interface JsonRpcServer {
  /** Tells every connected client. */
  notify(method: string, params: unknown): void;
  /** Ends all connections and removes the socket. */
  close(): Promise<void>;
}

export interface JsonRpcOptions {
  socketPath: string;
  /** By name; what one throws is the answer's error. */
  methods: Readonly<Record<string, (params: unknown) => unknown>>;
  onError?: (error: Error) => void;
}

/** sun_path of unix(7) has 108 bytes with the closing zero; Node truncates silently. */
const MAXIMUM_SOCKET_PATH = 107;

/**
 * Serves the methods on `socketPath`, mode 0600. Only the holder of a lock may call it: a socket that is there already is
 * taken for one that a dead process left, and removed.
 */
export async function serveJsonRpc({
  socketPath,
  methods,
  onError = () => undefined,
}: JsonRpcOptions): Promise<JsonRpcServer> {
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
    for (const [method, handle] of Object.entries(methods)) connection.onRequest(method, handle);
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
    notify(method, params) {
      for (const connection of connections) connection.sendNotification(method, params).catch(onError);
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

function removeStaleSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

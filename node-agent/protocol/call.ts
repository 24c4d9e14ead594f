// One request to the agent's socket, for commands that end with its answer.
import { connect } from 'node:net';
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node';
import type { AgentMethod, AgentRequests } from './node.js';

/** Rejects with the system's error where nobody listens, or with the agent's. */
export async function callAgent<Method extends AgentMethod>(
  socketPath: string,
  method: Method,
  params: AgentRequests[Method]['params'],
): Promise<AgentRequests[Method]['result']> {
  const socket = connect(socketPath);
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    const lost = new Promise<never>((_, reject) => {
      socket.once('close', () => reject(new Error(`the agent closed ${socketPath}`)));
    });
    connection.listen();
    try {
      return await Promise.race([connection.sendRequest<AgentRequests[Method]['result']>(method, params), lost]);
    } finally {
      lost.catch(() => undefined);
      connection.dispose();
    }
  } finally {
    socket.destroy();
  }
}

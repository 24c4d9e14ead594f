// Which side a command talks to: the node where an agent's socket is, else the cluster. Never a guess, and always told.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { callAgent } from '../../node-agent/protocol/call.js';
import { AGENT_SOCKET, type AgentMethod, type AgentRequests } from '../../node-agent/protocol/node.js';
import { CommandFailed, EXIT } from '../exit-codes.js';
import type { ClusterOptions } from './cluster.js';
import { worldOfNode, type World } from './world.js';

export interface ConnectOptions extends ClusterOptions {
  socket?: string;
}

export const DEFAULT_SOCKET = join('/run/scst', AGENT_SOCKET);

/** The socket of the agent to ask; nothing: ask the cluster. A kubeconfig that is named comes before a socket that is just there. */
export function socketOf({ socket, kubeconfig, context }: ConnectOptions): string | undefined {
  if (socket !== undefined) return socket;
  return kubeconfig === undefined && context === undefined && existsSync(DEFAULT_SOCKET) ? DEFAULT_SOCKET : undefined;
}

/** Throws CommandFailed. */
export async function connect(options: ConnectOptions, version: string): Promise<World> {
  const socket = socketOf(options);
  if (socket !== undefined) return worldOfNode(await askAgent(socket, 'state', {}), socket);
  // Loaded only here: a node alone has no use for the Kubernetes client.
  const { readCluster } = await import('./cluster.js');
  return readCluster(options, version);
}

/** Throws CommandFailed. */
export async function askAgent<Method extends AgentMethod>(
  socket: string,
  method: Method,
  params: AgentRequests[Method]['params'],
): Promise<AgentRequests[Method]['result']> {
  try {
    return await callAgent(socket, method, params);
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    // Else it is the agent's own answer, or the end of one.
    const isOfSystem = typeof code === 'string';
    const why =
      code === 'EACCES' ? 'only root may ask it' : code === 'ECONNREFUSED' ? 'no agent listens there' : message;
    throw new CommandFailed(isOfSystem ? `${socket}: ${why}` : message, isOfSystem ? EXIT.unreachable : EXIT.failed, {
      cause: error,
    });
  }
}

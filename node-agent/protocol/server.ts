// The engine's side of the protocol between agent and engine.
import { ResponseError } from 'vscode-jsonrpc/node';
import { PROTOCOL_MISMATCH_CODE, ProtocolMismatch } from './errors.js';
import { serveJsonRpc } from './json-rpc-server.js';
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

const METHODS: readonly Exclude<EngineMethod, 'hello'>[] = ['configure', 'status', 'drain', 'reclaim', 'act', 'end'];

/** Serves the protocol on `socketPath`, for the holder of the engine's lock. */
export async function serveEngine(options: {
  socketPath: string;
  version: string;
  handlers: EngineHandlers;
  onError?: (error: Error) => void;
}): Promise<EngineServer> {
  const { socketPath, version, handlers, onError } = options;
  const methods = Object.fromEntries(
    METHODS.map((method) => [
      method,
      async (params: unknown): Promise<unknown> => {
        if (method === 'configure') checkVersion(params as EngineConfiguration);
        return await handlers[method](params as never);
      },
    ]),
  );
  const hello = () => ({ protocolVersion: PROTOCOL_VERSION, pid: process.pid, version });
  const server = await serveJsonRpc({ socketPath, methods: { ...methods, hello }, ...(onError && { onError }) });
  return {
    notifyStatusChanged: (status) => server.notify(STATUS_CHANGED, status),
    close: () => server.close(),
  };
}

function checkVersion(params: EngineConfiguration): void {
  if (params.protocolVersion === PROTOCOL_VERSION) return;
  const { message } = new ProtocolMismatch(PROTOCOL_VERSION, params.protocolVersion);
  throw new ResponseError(PROTOCOL_MISMATCH_CODE, message, { ours: PROTOCOL_VERSION });
}

// The agent's side of the protocol: one connection to the engine, made again with back-off whenever it breaks.
import { connect, type Socket } from 'node:net';
import {
  createMessageConnection,
  ErrorCodes,
  ResponseError,
  SocketMessageReader,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import { EngineRequestFailed, EngineUnavailable, PROTOCOL_MISMATCH_CODE, ProtocolMismatch } from './errors.js';
import { ConnectionEndingWriter } from './message-writer.js';
import {
  PROTOCOL_VERSION,
  STATUS_CHANGED,
  type EngineMethod,
  type EngineRequests,
  type EngineStatus,
  type HelloResult,
} from './types.js';

export interface EngineClientOptions {
  socketPath: string;
  onStatusChanged: (status: EngineStatus) => void;
  /** Called with true after each successful hello, with false when a connection is lost or the first try finds no engine. */
  onConnectionChanged?: (connected: boolean) => void;
  /** Milliseconds before the first new try; doubles up to maximumDelayMs. Default 100. */
  initialDelayMs?: number;
  /** Milliseconds. Default 500: a try costs next to nothing, and an engine that is back should be told what to serve. */
  maximumDelayMs?: number;
}

export interface EngineClient {
  /** True between a successful hello and the loss of the connection. */
  readonly connected: boolean;
  /** True when the last try found no engine, or the connection was lost; neither this nor connected: not known yet. */
  readonly absent: boolean;
  /** Rejects with EngineUnavailable, ProtocolMismatch or EngineRequestFailed. */
  call<Method extends EngineMethod>(
    method: Method,
    params: EngineRequests[Method]['params'],
  ): Promise<EngineRequests[Method]['result']>;
  close(): void;
}

/** Starts connecting and returns at once; an engine that isn't there yet is no error. */
export function connectEngine(options: EngineClientOptions): EngineClient {
  return new ReconnectingClient(options);
}

class ReconnectingClient implements EngineClient {
  private connection: MessageConnection | undefined;
  private socket: Socket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private delayMs: number;
  private closed = false;
  private engineAbsent = false;
  /** What a call is told while there is no connection. */
  private why: Error = new Error('not connected yet');

  constructor(private readonly options: EngineClientOptions) {
    this.delayMs = this.initialDelayMs;
    this.open();
  }

  get connected(): boolean {
    return this.connection !== undefined;
  }

  get absent(): boolean {
    return this.engineAbsent;
  }

  private get initialDelayMs(): number {
    return this.options.initialDelayMs ?? 100;
  }

  async call<Method extends EngineMethod>(
    method: Method,
    params: EngineRequests[Method]['params'],
  ): Promise<EngineRequests[Method]['result']> {
    if (this.connection === undefined) throw this.unavailable();
    try {
      return await this.connection.sendRequest(method, params);
    } catch (error) {
      throw this.translate(error as Error);
    }
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.why = new Error('the client was closed');
    this.drop();
  }

  private open(): void {
    const socket = connect(this.options.socketPath);
    this.socket = socket;
    socket.on('error', (error) => (this.why = error));
    socket.once('close', () => this.lost(socket));
    socket.once('connect', () => void this.greet(socket));
  }

  private async greet(socket: Socket): Promise<void> {
    const connection = createMessageConnection(new SocketMessageReader(socket), new ConnectionEndingWriter(socket));
    connection.onNotification(STATUS_CHANGED, (status: EngineStatus) => this.options.onStatusChanged(status));
    connection.onError(([error]) => (this.why = error));
    // Without it a call whose engine died would never settle.
    socket.once('close', () => connection.dispose());
    connection.listen();
    try {
      const hello = await connection.sendRequest<HelloResult>('hello', { protocolVersion: PROTOCOL_VERSION });
      if (hello.protocolVersion !== PROTOCOL_VERSION)
        throw new ProtocolMismatch(PROTOCOL_VERSION, hello.protocolVersion);
      this.connection = connection;
      this.engineAbsent = false;
      this.delayMs = this.initialDelayMs;
      this.options.onConnectionChanged?.(true);
    } catch (error) {
      this.why = error as Error;
      socket.destroy();
    }
  }

  private lost(socket: Socket): void {
    if (socket !== this.socket) return;
    const wasConnected = this.connected;
    if (wasConnected) this.why = new Error('the connection was lost');
    this.connection = undefined;
    const wasAbsent = this.engineAbsent;
    this.engineAbsent = true;
    if (!wasAbsent) this.options.onConnectionChanged?.(false);
    if (this.closed) return;
    this.timer = setTimeout(() => this.open(), this.delayMs);
    this.delayMs = Math.min(this.delayMs * 2, this.options.maximumDelayMs ?? 500);
  }

  private drop(): void {
    const { connection, socket } = this;
    this.connection = undefined;
    this.socket = undefined;
    connection?.dispose();
    socket?.destroy();
  }

  private unavailable(): Error {
    if (this.why instanceof ProtocolMismatch) return this.why;
    return new EngineUnavailable(this.options.socketPath, this.why.message, { cause: this.why });
  }

  private translate(error: Error): Error {
    if (!(error instanceof ResponseError) || error.code === (ErrorCodes.PendingResponseRejected as number))
      return new EngineUnavailable(this.options.socketPath, error.message, { cause: error });
    if (error.code === PROTOCOL_MISMATCH_CODE)
      return new ProtocolMismatch(PROTOCOL_VERSION, (error.data as { ours: number }).ours);
    return new EngineRequestFailed(error.message, { cause: error });
  }
}

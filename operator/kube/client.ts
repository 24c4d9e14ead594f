// One HTTP client for the API server: credentials by client-node's KubeConfig, time-outs and typed errors of our own.
import { KubeConfig } from '@kubernetes/client-node';
import * as http from 'node:http';
import * as https from 'node:https';
import { ApiError, apiErrorOf, messageOf } from './errors.js';
import { linkSignals } from './signals.js';

/** Longer than the API server's own limit for a mutation under load (10 s for admission), short enough to try again. */
const REQUEST_TIMEOUT_MS = 15_000;

export type ContentType =
  'application/json' | 'application/json-patch+json' | 'application/merge-patch+json' | 'application/apply-patch+yaml';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From `pathOf`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: ContentType;
  readonly signal?: AbortSignal;
}

export interface LinesRequest {
  readonly path: string;
  readonly query: NonNullable<ApiRequest['query']>;
  readonly signal: AbortSignal;
  /** The stream is cut this long after it opened: a half-open connection delivers neither data nor an end. */
  readonly lifetimeMilliseconds: number;
}

/** What sends requests: the client below, or a test's stand-in. */
export interface Api {
  /** Resolves with the parsed answer; rejects with an ApiError. */
  request<T>(request: ApiRequest): Promise<T>;
  /** The lines of an answer as they come; ends when the server ends it, throws an ApiError otherwise. */
  lines(request: LinesRequest): AsyncGenerator<string, void, undefined>;
}

export class ApiClient implements Api {
  constructor(
    readonly kubeConfig: KubeConfig,
    private readonly userAgent: string,
    private readonly timeoutMilliseconds = REQUEST_TIMEOUT_MS,
  ) {
    shareAgent(kubeConfig);
  }

  async request<T>(request: ApiRequest): Promise<T> {
    const { signal, release } = linkSignals([request.signal], this.timeoutMilliseconds);
    try {
      const response = await this.open(request, signal);
      const body = await read(response, describe(request));
      return (body === '' ? undefined : JSON.parse(body)) as T;
    } finally {
      release();
    }
  }

  async *lines({ path, query, signal, lifetimeMilliseconds }: LinesRequest): AsyncGenerator<string, void, undefined> {
    const request: ApiRequest = { method: 'GET', path, query };
    const link = linkSignals([signal], this.timeoutMilliseconds);
    let response: http.IncomingMessage | undefined;
    let rest = '';
    try {
      response = await this.open(request, link.signal);
      link.limit(lifetimeMilliseconds);
      response.setEncoding('utf8');
      for await (const chunk of response as AsyncIterable<string>) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        yield* lines.filter((line) => line !== '');
      }
    } catch (error) {
      throw unreachable(describe(request), error);
    } finally {
      link.release();
      response?.destroy();
    }
  }

  /** Resolves with the answer's head when its status is below 400. */
  private async open(request: ApiRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
    const what = describe(request);
    const { options, url } = await this.prepare(request);
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    options.headers = {
      ...options.headers,
      Accept: 'application/json',
      'User-Agent': this.userAgent,
      ...(body === undefined
        ? {}
        : { 'Content-Type': request.contentType ?? 'application/json', 'Content-Length': Buffer.byteLength(body) }),
    };
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const send = url.protocol === 'http:' ? http.request : https.request;
      const outgoing = send(url, { ...options, method: request.method, signal }, resolve);
      outgoing.once('error', (error) => {
        dropIdleConnections(options.agent);
        reject(unreachable(what, error));
      });
      outgoing.end(body);
    });
    const code = response.statusCode ?? 0;
    if (code >= 400) {
      throw apiErrorOf(what, code, await read(response, what), response.headers['retry-after']);
    }
    return response;
  }

  private async prepare({ path, query }: ApiRequest): Promise<{ options: https.RequestOptions; url: URL }> {
    const cluster = this.kubeConfig.getCurrentCluster();
    if (cluster === null) {
      throw new ApiError('Unreachable', 0, 'the kubeconfig names no cluster');
    }
    const options: https.RequestOptions = {};
    await this.kubeConfig.applyToHTTPSOptions(options);
    const url = new URL(cluster.server.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) {
        url.searchParams.set(name, String(value));
      }
    }
    return { options, url };
  }
}

/** A KubeConfig from `file`, or as kubectl finds one ($KUBECONFIG, ~/.kube/config, the pod's service account). */
export function loadKubeConfig(file?: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  if (file === undefined) {
    kubeConfig.loadFromDefault();
  } else {
    kubeConfig.loadFromFile(file);
  }
  return kubeConfig;
}

type Agent = http.Agent | https.Agent;
type MakeAgent = (this: KubeConfig, cluster: { server: string } | null, options: https.AgentOptions) => Agent;
interface AgentMaker {
  createAgent: MakeAgent;
}

/**
 * Makes one KubeConfig keep one agent: client-node 1.4 makes a new one per request (kubernetes-client/javascript#2893),
 * which is a TLS handshake each and leaks sockets. A changed certificate replaces the agent.
 */
function shareAgent(kubeConfig: KubeConfig): void {
  const maker = kubeConfig as unknown as AgentMaker;
  const make = (Object.getPrototypeOf(kubeConfig) as AgentMaker).createAgent;
  let current: { key: string; agent: Agent } | undefined;
  maker.createAgent = (cluster, options) => {
    const { servername, rejectUnauthorized, ca, cert, key } = options;
    const identity = JSON.stringify([cluster?.server, servername, rejectUnauthorized, ca, cert, key].map(String));
    if (current?.key !== identity) {
      current = { key: identity, agent: make.call(kubeConfig, cluster, { ...options, keepAlive: true }) };
    }
    return current.agent;
  };
}

/** What made one connection fail has mostly befallen the idle ones, too, and each would cost another time-out. */
function dropIdleConnections(agent: https.RequestOptions['agent']): void {
  if (agent instanceof http.Agent) {
    Object.values(agent.freeSockets).forEach((sockets) => sockets?.forEach((socket) => socket.destroy()));
  }
}

function describe({ method, path }: ApiRequest): string {
  return `${method} ${path}`;
}

async function read(response: http.IncomingMessage, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
    }
  } catch (error) {
    throw unreachable(what, error);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function unreachable(what: string, cause: unknown): ApiError {
  if (cause instanceof ApiError) {
    return cause;
  }
  const timedOut = cause instanceof Error && cause.name === 'AbortError';
  const message = timedOut ? 'no answer in time, or given up' : messageOf(cause);
  return new ApiError('Unreachable', 0, `${what}: ${message}`, undefined, { cause });
}

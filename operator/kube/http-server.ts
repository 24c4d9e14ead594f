// The HTTP server for probes and metrics: /healthz, /readyz and /metrics.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface HttpServerOptions {
  readonly port: number;
  /** Default: all addresses. */
  readonly host?: string;
  readonly registry: Registry;
  /** Why the process is not ready, or an empty list. */
  readonly notReady: () => readonly string[];
  /** Why the process should be started again, or an empty list. Default: never. */
  readonly unhealthy?: () => readonly string[];
}

export class HttpServer {
  private constructor(private readonly server: Server) {}

  /** Rejects when the port can't be had. */
  static async start(options: HttpServerOptions): Promise<HttpServer> {
    const server = createServer((request, response) => {
      answer(options, request, response).catch((error: unknown) => {
        response.writeHead(500).end(`${String(error)}\n`);
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, () => resolve());
    });
    return new HttpServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

async function answer(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { registry, notReady, unhealthy } = options;
  switch (new URL(request.url ?? '/', 'http://localhost').pathname) {
    case '/healthz':
      return probe(response, unhealthy?.() ?? []);
    case '/readyz':
      return probe(response, notReady());
    case '/metrics': {
      const body = await registry.metrics();
      response.writeHead(200, { 'Content-Type': registry.contentType }).end(body);
      return;
    }
    default:
      response.writeHead(404).end('not found: /healthz, /readyz, /metrics\n');
  }
}

function probe(response: ServerResponse, reasons: readonly string[]): void {
  response.writeHead(reasons.length === 0 ? 200 : 503).end(reasons.length === 0 ? 'ok\n' : `${reasons.join('\n')}\n`);
}

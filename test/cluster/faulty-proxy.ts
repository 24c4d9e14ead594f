// A TCP proxy in front of the API server that can cut connections, let them fall silent, or refuse them.
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

export class FaultyProxy {
  private readonly server: Server;
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private refusing = false;
  /** Connections that were tried, also those that were refused. */
  connections = 0;

  private constructor(private readonly upstreamPort: number) {
    this.server = createServer((client) => this.accept(client));
  }

  /** In front of `upstream`, a URL. */
  static async start(upstream: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(Number(new URL(upstream).port));
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Open connections end with RST. */
  reset(): void {
    for (const [client, upstream] of this.pairs) {
      resetSocket(client);
      upstream.destroy();
    }
  }

  /** Open connections end as if the server had closed them. */
  close(): void {
    for (const [client, upstream] of this.pairs) {
      client.end();
      upstream.end();
    }
  }

  /** Open connections stay open and carry nothing any more, either way; new ones work. */
  silence(): void {
    for (const [client, upstream] of this.pairs) {
      client.unpipe(upstream);
      upstream.unpipe(client);
      client.resume();
      upstream.destroy();
    }
  }

  /** New connections are cut at once, as when nobody listens. */
  refuse(refusing: boolean): void {
    this.refusing = refusing;
  }

  private accept(client: Socket): void {
    this.connections += 1;
    client.on('error', () => undefined);
    if (this.refusing) {
      resetSocket(client);
      return;
    }
    const upstream = connect(this.upstreamPort, '127.0.0.1');
    upstream.on('error', () => resetSocket(client));
    const pair = [client, upstream] as const;
    this.pairs.add(pair);
    client.once('close', () => {
      this.pairs.delete(pair);
      upstream.destroy();
    });
    client.pipe(upstream);
    upstream.pipe(client);
  }
}

/** Ends with RST. A socket that is shutting down can't: Node would never close it, nor itself at its exit. */
function resetSocket(socket: Socket): void {
  if (socket.writableEnded) {
    socket.destroy();
  } else {
    socket.resetAndDestroy();
  }
}

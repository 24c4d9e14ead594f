// A socket on the host through which other processes run commands on a node: what exec.ts speaks to.
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { GuestCommand } from './command-channel.js';

/** From the client: one line `{command}`. To the client, a line each. */
export type ControlAnswer =
  { readonly stream: 'out' | 'err'; readonly data: string } | { readonly code: number } | { readonly error: string };

export class ControlSocket {
  private readonly clients = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly start: (command: string) => GuestCommand,
  ) {
    server.on('connection', (client) => this.serve(client));
  }

  /** Listens at `path`, in place of a socket that an earlier process left there. */
  static async listen(path: string, start: (command: string) => GuestCommand): Promise<ControlSocket> {
    rmSync(path, { force: true });
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    return new ControlSocket(server, start);
  }

  async close(): Promise<void> {
    this.clients.forEach((client) => client.destroy());
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(client: Socket): void {
    this.clients.add(client);
    client.once('close', () => this.clients.delete(client));
    const lines = createInterface({ input: client });
    // readline passes the socket's errors on; the client has gone.
    lines.on('error', () => client.destroy());
    lines.once('line', (line) => void this.run(client, line));
  }

  private async run(client: Socket, line: string): Promise<void> {
    const answer = (message: ControlAnswer): unknown => client.writable && client.write(`${JSON.stringify(message)}\n`);
    try {
      const command = this.start((JSON.parse(line) as { command: string }).command);
      command.on('output', (stream, data) => answer({ stream, data: data.toString('base64') }));
      // Whoever asked for the command has gone: nobody waits for it any more.
      client.once('close', () => command.kill('SIGTERM', 'group'));
      answer({ code: (await command.ended).code });
    } catch (error) {
      answer({ error: error instanceof Error ? error.message : String(error) });
    }
    client.end();
  }
}

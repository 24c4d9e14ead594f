// Writes messages to a socket; one that can't be written ends the connection, and with it every call that waits.
import type { Socket } from 'node:net';
import { SocketMessageWriter, type Message } from 'vscode-jsonrpc/node';

export class ConnectionEndingWriter extends SocketMessageWriter {
  constructor(private readonly connection: Socket) {
    super(connection);
  }

  /**
   * Never rejects: a request whose write fails would be rejected twice by the library, once where nobody can catch it,
   * which would end the process.
   */
  override async write(message: Message): Promise<void> {
    try {
      await super.write(message);
    } catch {
      this.connection.destroy();
    }
  }
}

// `node dist/test/env/node/exec.js SOCKET COMMAND`: runs a command on a node that another process started, prints its output, ends with its exit status.
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import type { ControlAnswer } from './control-socket.js';

/** As ssh: the command couldn't be run, or the node went away. */
const NO_ANSWER_STATUS = 255;

function main(): void {
  const [socketPath, ...words] = process.argv.slice(2);
  if (socketPath === undefined || words.length === 0) {
    console.error('usage: node exec.js SOCKET COMMAND');
    process.exitCode = 2;
    return;
  }
  process.exitCode = NO_ANSWER_STATUS;
  const socket = createConnection(socketPath, () => socket.write(`${JSON.stringify({ command: words.join(' ') })}\n`));
  const lines = createInterface({ input: socket });
  // readline passes the socket's errors on.
  lines.on('error', (cause: Error) => console.error(`no node at ${socketPath}: ${cause.message}`));
  lines.on('line', (line) => {
    const answer = JSON.parse(line) as ControlAnswer;
    if ('stream' in answer) {
      (answer.stream === 'out' ? process.stdout : process.stderr).write(Buffer.from(answer.data, 'base64'));
    } else if ('code' in answer) {
      process.exitCode = answer.code;
    } else {
      console.error(answer.error);
    }
  });
}

main();

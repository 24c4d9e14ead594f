// The example of a target driver on a test node, and initiators that talk to it.
import type { BackgroundCommand, TestNode } from '../node/index.js';
import { eventually } from './eventually.js';
import { built } from './paths.js';

const PORT = 3260;

/** `args`: beside the port. Resolves when it listens. */
export async function startTargetDriver(node: TestNode, args: string): Promise<BackgroundCommand> {
  await node.write('/root/initiator.js', INITIATOR);
  const driver = await node.spawn(`exec node ${built('dist/examples/target-driver/main.js')} --port ${PORT} ${args}`);
  await eventually(() =>
    driver.output().includes('listening')
      ? Promise.resolve()
      : Promise.reject(new Error(`no driver: ${driver.output()}`)),
  );
  return driver;
}

/** An initiator: says each line of a file that grows, and prints what is answered. */
const INITIATOR = `
const { createConnection } = require('node:net');
const { readFileSync } = require('node:fs');
const socket = createConnection(${PORT}, '127.0.0.1');
socket.on('data', (data) => process.stdout.write(data)).on('close', () => process.exit(0));
let said = 0;
setInterval(() => {
  const lines = readFileSync(process.argv[2], 'utf8').split('\\n').slice(0, -1);
  for (; said < lines.length; said += 1) socket.write(lines[said] + '\\n');
}, 50);
`;

export class Initiator {
  private answers = 0;
  private constructor(
    private readonly node: TestNode,
    private readonly script: string,
    private readonly process: BackgroundCommand,
  ) {}

  static async start(node: TestNode, name: string): Promise<Initiator> {
    const script = `/root/${name}.txt`;
    await node.sh(`: > ${script}`);
    return new Initiator(node, script, await node.spawn(`exec node /root/initiator.js ${script}`));
  }

  async say(line: string): Promise<string> {
    await this.node.sh(`echo '${line}' >> ${this.script}`);
    this.answers += 1;
    return eventually(() => {
      const answer = this.process.output().split('\n').slice(0, -1)[this.answers - 1];
      if (answer === undefined) throw new Error(`no answer to ${line} yet`);
      return Promise.resolve(answer);
    }, 60_000);
  }

  /** Its connection breaks. */
  async vanish(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.process.exited;
  }
}

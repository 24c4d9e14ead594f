// A target driver in user space: initiators log in over TCP, and each gets a session of its own (README.md).
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { ClusterSessions } from './cluster.js';
import { LoneNodeSessions } from './lone-node.js';
import { sessionName, type Sessions, type SgDevice } from './sessions.js';
import { command } from './sg-io.js';

interface Options {
  target: string;
  port: number;
  node?: string;
  kubeconfig?: string;
}

const options = new Command('target-driver')
  .description('Gives SCSI commands that come over TCP to the devices of sessions of SCST Local.')
  .requiredOption('--target <name>', 'ScstTarget whose LUNs the initiators see')
  .requiredOption('--port <port>', 'to listen on, on the loopback interface', Number)
  .option('--node <name>', 'in a cluster: the node that this runs on (default: a node alone)')
  .option('--kubeconfig <file>', 'in a cluster: credentials (default: as kubectl has them)')
  .parse()
  .opts<Options>();

const sessions: Sessions =
  options.node === undefined
    ? new LoneNodeSessions(options.target)
    : new ClusterSessions(options.target, options.node, options.kubeconfig);
const initiators = new Set<Initiator>();
let logins = 0;

/** One connection: its session, from LOGIN to its end. */
class Initiator {
  private name: string | undefined;
  private devices: SgDevice[] = [];
  /** Its requests come one after the other, and its end after them. */
  private work: Promise<unknown> = Promise.resolve();

  constructor(private readonly socket: Socket) {
    createInterface({ input: socket }).on('line', (line) => this.enqueue(() => this.answer(line.trim())));
    socket.on('error', () => undefined).on('close', () => void this.end());
  }

  /** Removes its session. */
  end(): Promise<unknown> {
    initiators.delete(this);
    this.enqueue(() => this.logout());
    return this.work;
  }

  private enqueue(task: () => Promise<void>): void {
    this.work = this.work.then(task).catch((error: Error) => this.say(`ERROR ${error.message}`));
  }

  private async answer(line: string): Promise<void> {
    const [word = '', ...rest] = line.split(/\s+/);
    if (word === 'LOGIN') return this.login(rest.join(' '));
    if (word === 'LOGOUT') return this.logout().then(() => this.say('OK'));
    const device = this.devices.find(({ lun }) => String(lun) === word);
    if (device === undefined) return this.say(`ERROR no LUN ${word}`);
    // LUN, Data-In length or >hex for Data-Out, CDB.
    const [transfer = '0', ...cdb] = rest;
    const dataOut = transfer.startsWith('>') ? Buffer.from(transfer.slice(1), 'hex') : undefined;
    const { status, data } = await command(
      device.path,
      Buffer.from(cdb.join(''), 'hex'),
      Number(transfer) || 0,
      dataOut,
    );
    this.say(data.length === 0 ? status : `${status} ${data.toString('hex')}`);
  }

  private async login(transportId: string): Promise<void> {
    if (this.name !== undefined) return this.say('ERROR logged in already');
    logins += 1;
    this.name = sessionName('initiator', logins);
    this.devices = await sessions.open(this.name, transportId);
    this.say(`OK ${this.devices.map(({ lun }) => lun).join(' ')}`);
  }

  private async logout(): Promise<void> {
    const { name } = this;
    if (name === undefined) return;
    [this.name, this.devices] = [undefined, []];
    await sessions.close(name);
  }

  private say(text: string): void {
    if (this.socket.writable) this.socket.write(`${text}\n`);
  }
}

const server = createServer((socket) => initiators.add(new Initiator(socket)));
server.listen(options.port, '127.0.0.1', () => process.stdout.write(`listening on port ${options.port}\n`));

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    server.close();
    void Promise.all([...initiators].map((initiator) => initiator.end())).then(() => process.exit(0));
  });

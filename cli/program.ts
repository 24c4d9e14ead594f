// The `scst` command line: its commands, options, help and exit codes.
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { writeFile } from 'node:fs/promises';
import { apply, remove } from './commands/apply.js';
import { DEVICE_ACTIONS } from './commands/device-actions.js';
import { diagnose, diagnosisText } from './commands/doctor.js';
import { exportText } from './commands/export.js';
import { runImport, type ImportOptions } from './commands/import.js';
import { KIND_NAMES, lsscsiText, objectsText, statsText } from './commands/lists.js';
import { plan, planText } from './commands/plan.js';
import { treeText } from './commands/tree.js';
import { CommandFailed, EXIT, type ExitCode } from './exit-codes.js';
import { machineText, paintFor, type Format, type Terminal } from './terminal.js';
import { askAgent, connect, socketOf, type ConnectOptions } from './world/connect.js';
import { packageVersion } from '../node-agent/files/package.js';
import { requireObjects, type World } from './world/world.js';

const EXAMPLES = `
Exit codes: 0 done; 1 it didn't work, or something isn't well; 2 usage; 3 neither agent nor API server answers.

Examples:
  scst import /etc/scst.conf -o manifests/       # SCST's configuration to manifests
  scst plan -f manifests/                        # what applying them would do, and what stands in the way
  scst apply -f manifests/                       # on a lone node; in a cluster: kubectl apply -f manifests/
  scst tree                                      # targets, sessions, LUNs and devices, with states and paths
  scst --kubeconfig ~/.kube/config tree          # of a cluster, where an agent runs on this machine as well
  scst export --node worker-1 > scst.conf
`;

interface GlobalOptions extends ConnectOptions {
  output: Format;
}

const DEFAULT_TIMEOUT_SECONDS = 60;

/** Runs one command line. Never rejects for what a user can do. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = buildProgram(terminal, (ended) => (code = ended));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (!(error instanceof CommandFailed)) throw error;
    terminal.err.write(`${paintFor(terminal.err).red('error:')} ${error.message}\n`);
    return error.code;
  }
}

/** `ended` gets the code of the command that has run. */
export function buildProgram(terminal: Terminal, ended: (code: ExitCode) => void): Command {
  const version = packageVersion(__dirname);
  const { out } = terminal;
  const paint = paintFor(out);
  const program = new Command('scst')
    .description('Sees and operates the SCSI devices of a node or a cluster, and knows scst.conf.')
    .version(version)
    .addOption(
      new Option('--socket <path>', 'ask the agent of this node (default: /run/scst/agent.sock where it is there)').env(
        'SCST_SOCKET',
      ),
    )
    .addOption(
      new Option(
        '--kubeconfig <file>',
        'ask the cluster (default where no agent’s socket is: KUBECONFIG, ~/.kube/config)',
      ),
    )
    .addOption(new Option('--context <name>', 'context of the kubeconfig'))
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(scst --help, and scst COMMAND --help, tell more)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => out.write(text), writeErr: (text) => terminal.err.write(text) });
  const global = () => program.opts<GlobalOptions>();
  const world = () => connect(global(), version);
  const formats = (...choices: Format[]) =>
    new Option('-o, --output <format>', 'format').choices(choices).default('table');
  /** The first line of what people read says whose it is. */
  const show = (found: World, format: Format, text: string): void => {
    out.write(['json', 'yaml', 'name'].includes(format) ? text : `# ${found.where}\n${text}`);
  };

  program
    .command('tree')
    .description('targets, their sessions, LUNs and devices, with states and paths')
    .action(async () => {
      const found = await world();
      show(found, 'table', treeText(found, paint));
    });
  program
    .command('get')
    .description('objects and how far they are')
    .addArgument(new Argument('[kind]', 'devices, targets, sessions or luns, by any name that kubectl takes'))
    .addArgument(new Argument('[name]', 'of one object'))
    .addOption(formats('table', 'wide', 'json', 'yaml', 'name'))
    .action(async (kind: string | undefined, name: string | undefined, { output }: GlobalOptions) => {
      const of = kind === undefined ? undefined : KIND_NAMES[kind.toLowerCase()];
      if (kind !== undefined && of === undefined)
        throw new CommandFailed(`there is no kind ${kind}: devices, targets, sessions or luns`, EXIT.usage);
      const found = await world();
      requireObjects(found);
      if (name !== undefined && !found.objects.some((each) => each.kind === of && each.metadata.name === name))
        throw new CommandFailed(`there is no ${of ?? ''} ${name}`);
      show(found, output, objectsText(found, of, name, output, paint));
    });
  program
    .command('lsscsi')
    .description('the SCSI devices that LUNs have become')
    .addOption(formats('table', 'wide', 'json', 'yaml', 'name'))
    .action(async ({ output }: GlobalOptions) => {
      const found = await world();
      show(found, output, lsscsiText(found, output, paint));
    });
  program
    .command('stats')
    .description('what went through each LUN of this node, since the engine serves it or the last reset')
    .option('--reset', 'count from now on (metrics go on as they were)')
    .addOption(formats('table', 'wide', 'json', 'yaml'))
    .action(async ({ output, reset = false }: GlobalOptions & { reset?: boolean }) => {
      const socket = agentOf(global());
      if (reset) {
        const { rings } = await askAgent(socket, 'resetStatistics', {});
        out.write(`the statistics of ${rings} LUNs count from now on\n`);
        return;
      }
      const found = await world();
      show(found, output, statsText(found, output, paint));
    });
  program
    .command('import')
    .description('makes manifests of an scst.conf')
    .argument('<file>', 'the scst.conf; - is standard input')
    .option('-o, --output <directory>', 'write a file there (default: standard output)')
    .option('--node-name <name>', 'the targets go to this node')
    .option('--node-selector <labels>', 'the targets go to the nodes with these labels, KEY=VALUE,…')
    .option('--strict', 'what can’t be carried over is an error')
    .addHelpText(
      'after',
      '\nExamples:\n  scst import /etc/scst.conf | kubectl apply -f -\n  scst import /etc/scst.conf -o manifests --node-name worker-1\n',
    )
    .action(async (file: string, options: ImportOptions) => ended(await runImport(file, options, terminal)));
  program
    .command('export')
    .description('writes what a node has as an scst.conf')
    .option('--node <name>', 'of a cluster; needed where several nodes have something')
    .option('-f, --file <path>', 'write it there (default: standard output)')
    .action(async ({ node, file }: { node?: string; file?: string }) => {
      const text = exportText(await world(), node);
      if (file === undefined) out.write(text);
      else await writeFile(file, text);
    });
  program
    .command('plan')
    .description('what applying manifests would do on each node, and what it would wait for; changes nothing')
    .requiredOption('-f, --file <path>', 'a file, a directory of *.yaml, or - for standard input')
    .option('--node <name>', 'of this node only')
    .option('--delete', 'what deleting the objects of the files would do')
    .addOption(formats('table', 'json', 'yaml'))
    .action(async (options: GlobalOptions & { file: string; node?: string; delete?: boolean }) => {
      const found = await world();
      const socket = socketOf(global());
      const holders = socket === undefined ? {} : await askAgent(socket, 'holders', {});
      const nodes = await plan(found, { ...options, path: options.file, holders });
      const { output } = options;
      show(
        found,
        output,
        output === 'json' || output === 'yaml' ? machineText(nodes, output) : planText(found, nodes, paint),
      );
    });
  const files = new Option('-f, --file <path>', 'a file, a directory of *.yaml, or - for standard input');
  const timeout = new Option('--timeout <seconds>', 'how long to wait; 0: not at all')
    .default(DEFAULT_TIMEOUT_SECONDS)
    .argParser(seconds);
  program
    .command('apply')
    .description('puts manifests into the directory of a lone node, and waits until they are real')
    .addOption(files.makeOptionMandatory())
    .option('--prune', 'what was applied before and isn’t in these manifests goes')
    .addOption(timeout)
    .addHelpText('after', '\nExample:\n  scst import /etc/scst.conf | scst apply --prune -f -\n')
    .action(async ({ file, ...options }: { file: string; timeout: number; prune?: boolean }) => {
      ended(await apply({ path: file, ...options, socket: agentOf(global()) }, terminal));
    });
  program
    .command('delete')
    .description('takes manifests out of the directory of a lone node, and waits until nothing is left of them')
    .addOption(files)
    .addOption(timeout)
    .action(async ({ file, timeout: limit }: { file: string; timeout: number }) => {
      ended(await remove({ path: file, timeout: limit, socket: agentOf(global()) }, terminal));
    });
  for (const { name, action, description, done, example = `scst ${name} disk1` } of DEVICE_ACTIONS) {
    program
      .command(name)
      .description(description)
      .argument('<device>', 'name of the ScstDevice, or its scstName')
      .addHelpText('after', `\nExample:\n  ${example}\n`)
      .action(async (device: string) => {
        await askAgent(agentOf(global()), 'act', { device, action });
        out.write(`${device}: ${done}\n`);
      });
  }
  program
    .command('doctor')
    .description('what is wrong with this node or the cluster, and what to do about it')
    .addOption(formats('table', 'json', 'yaml'))
    .action(async ({ output }: GlobalOptions) => {
      const { where, found } = await diagnose(global(), version);
      const text =
        output === 'json' || output === 'yaml'
          ? machineText(found, output)
          : `# ${where}\n${diagnosisText(found, paint)}`;
      out.write(text);
      ended(found.some(({ level }) => level === 'error') ? EXIT.failed : EXIT.done);
    });
  return program;
}

function agentOf(options: ConnectOptions): string {
  const socket = socketOf(options);
  if (socket === undefined)
    throw new CommandFailed('no agent runs on this machine; --socket names another socket', EXIT.unreachable);
  return socket;
}

function seconds(text: string): number {
  const value = Number(text);
  if (text === '' || !(value >= 0)) throw new InvalidArgumentError('must be a number of seconds');
  return value;
}

// The agent's command line: flags, their environment equivalents and what is derived from them.
import { hostname } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';

export interface AgentOptions {
  nodeName: string;
  /** Directory of manifests: the node stands alone. Absent: the agent follows its ScstNode in a cluster. */
  manifests?: string;
  /** SCST's default target and session, on a lone node. */
  defaultTarget: boolean;
  stateDir: string;
  runDir: string;
  allowPath: string[];
  /** Percent. */
  minFree: number;
  setupId?: string;
  /** Seconds. */
  ioTimeout: number;
  engine: 'spawn' | 'external';
  kubeconfig?: string;
  namespace: string;
  /** 0: no HTTP server. */
  httpPort: number;
  logLevel: string;
}

const EXAMPLES = `
Signals:
  SIGTERM, SIGINT   the agent ends; devices, file systems and I/O are left as they are
  SIGPWR            the host goes down: write caches are flushed and unused LUNs detached, then the agent ends

Examples:
  # one node alone: everything in the directory is applied, and the engine is started when none runs
  scst-node-agent --manifests /etc/scst/manifests
  # disks in files below /srv/disks as well
  scst-node-agent --manifests /etc/scst/manifests --allow-path /var/lib/scst --allow-path /srv/disks
  # in a cluster, with an engine that something else starts
  SCST_NODE_NAME=worker-1 scst-node-agent --engine external
`;

/** Reads argv and the environment; commander prints help and usage errors itself (exit codes 0 and 1). */
export function parseAgentOptions(argv: readonly string[], env: NodeJS.ProcessEnv): AgentOptions {
  const command = new Command('scst-node-agent')
    .description('Makes the SCSI devices of this node what the objects say, through LIO, TCMU and tcm_loop.')
    .addOption(
      new Option('--node-name <name>', 'name of this node').env('SCST_NODE_NAME').default(hostname(), 'the host name'),
    )
    .addOption(
      new Option('--manifests <directory>', 'apply the manifests of a directory; no cluster is asked').env(
        'SCST_MANIFESTS',
      ),
    )
    .addOption(
      new Option(
        '--default-target',
        'on a lone node: scst_local_tgt with the session scst_local_host is there without a manifest (SCST: add_default_tgt)',
      )
        .env('SCST_DEFAULT_TARGET')
        .default(false),
    )
    .addOption(
      new Option('--state-dir <directory>', 'durable state: the journal')
        .env('SCST_STATE_DIR')
        .default('/var/lib/scst'),
    )
    .addOption(
      new Option('--run-dir <directory>', 'run state: sockets, locks, open steps')
        .env('SCST_RUN_DIR')
        .default('/run/scst'),
    )
    .addOption(
      new Option(
        '--allow-path <directory>',
        'backing files may be below it (repeatable; in the environment separated by ":")',
      )
        .env('SCST_ALLOW_PATH')
        .argParser((value: string, previous: string[] | undefined) => [
          ...(previous ?? []),
          ...value.split(':').map(absolute),
        ]),
    )
    .addOption(
      new Option('--min-free <percent>', 'a backing file may grow only while its file system keeps this much free')
        .env('SCST_MIN_FREE')
        .default(15)
        .argParser((value) => integer(value, 0, 99)),
    )
    .addOption(
      new Option(
        '--setup-id <id>',
        'seed of the SCSI identities (default: made once, kept in the state directory)',
      ).env('SCST_SETUP_ID'),
    )
    .addOption(
      new Option(
        '--io-timeout <seconds>',
        'commands wait this long for an engine that is away, then fail with an I/O error',
      )
        .env('SCST_IO_TIMEOUT')
        .default(600)
        .argParser((value) => integer(value, 1, 86_400)),
    )
    .addOption(
      new Option('--engine <how>', 'spawn: start scst-engine when none runs; external: something else starts it')
        .env('SCST_ENGINE')
        .choices(['spawn', 'external'])
        .default('spawn'),
    )
    .addOption(
      new Option('--kubeconfig <file>', 'kubeconfig (default: KUBECONFIG, else the pod’s service account)').env(
        'KUBECONFIG',
      ),
    )
    .addOption(
      new Option('--namespace <name>', 'namespace of the agents’ Leases').env('SCST_NAMESPACE').default('scst-system'),
    )
    .addOption(
      new Option('--http-port <port>', '/healthz, /readyz and /metrics; 0 switches it off')
        .env('SCST_HTTP_PORT')
        .default(0)
        .argParser((value) => integer(value, 0, 65_535)),
    )
    .addOption(
      new Option('--log-level <level>')
        .env('SCST_LOG_LEVEL')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .addHelpText('after', EXAMPLES);
  const environment = process.env;
  try {
    process.env = env;
    command.parse([...argv], { from: 'user' });
  } finally {
    process.env = environment;
  }
  const values = command.opts<Omit<AgentOptions, 'allowPath'> & { allowPath?: string[] }>();
  return { ...values, allowPath: values.allowPath ?? ['/var/lib/scst'] };
}

function integer(value: string, least: number, most: number): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}`);
  }
  return number;
}

function absolute(value: string): string {
  if (!value.startsWith('/')) throw new InvalidArgumentError('must be an absolute path');
  return value;
}

// Command line of scst-operator: flags, the environment variables that stand for them, and their limits.
import { Command, InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { parseLabels } from '../crds/labels.js';

export interface OperatorOptions {
  readonly namespace: string;
  readonly kubeconfig?: string;
  readonly leaderElect: boolean;
  /** Seconds. */
  readonly leaseDuration: number;
  /** Seconds. */
  readonly nodeGracePeriod: number;
  /** Seconds. */
  readonly watchTimeout: number;
  /** Labels of nodes. */
  readonly defaultTarget?: Readonly<Record<string, string>>;
  readonly metricsPort: number;
  readonly logLevel: string;
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'];
const NAMESPACE_OF_POD = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

const EXAMPLES = `
A flag wins over its environment variable.

Examples:
  Against the cluster of your kubeconfig, as the only operator:
    scst-operator --kubeconfig ~/.kube/config --namespace scst-system

  As the chart runs it (credentials and namespace are those of the pod):
    scst-operator --metrics-port 8080

  Release the objects of a node that is gone after one minute instead of five:
    scst-operator --node-grace-period 1m
`;

/** Parses `argv` as process.argv is. Prints help or what is wrong and ends the process, as commander does. */
export function parseOptions(argv: readonly string[]): OperatorOptions {
  const command = new Command('scst-operator')
    .description('Cluster controller of SCST Local: compiles ScstDevice, ScstTarget, ScstSession and ScstLun per node.')
    .addOption(
      new Option(
        '--namespace <name>',
        'namespace of the Leases and of the setup id (default: that of the pod, or scst-system)',
      )
        .env('SCST_NAMESPACE')
        .argParser(parseNamespace),
    )
    .addOption(
      new Option('--kubeconfig <file>', 'credentials (default: $KUBECONFIG and ~/.kube/config, or those of the pod)'),
    )
    .addOption(
      new Option('--leader-elect [boolean]', 'let one of several operators lead; false takes the Lease at once')
        .env('SCST_LEADER_ELECT')
        .argParser(parseBoolean)
        .default(true),
    )
    .addOption(
      durationOption(
        '--lease-duration <time>',
        'a leader that died is replaced after this time',
        'SCST_LEASE_DURATION',
        '15s',
      ),
    )
    .addOption(
      durationOption(
        '--node-grace-period <time>',
        'objects are released when the agent of their node has been away for this time',
        'SCST_NODE_GRACE_PERIOD',
        '5m',
      ),
    )
    .addOption(
      durationOption(
        '--watch-timeout <time>',
        'a connection to the API server that died silently is noticed after this time',
        'SCST_WATCH_TIMEOUT',
        '45s',
      ),
    )
    .addOption(
      new Option(
        '--default-target <labels>',
        'make scst_local_tgt with the session scst_local_host on the nodes with these labels, KEY=VALUE,… (SCST: add_default_tgt)',
      )
        .env('SCST_DEFAULT_TARGET')
        .argParser(parseNodeLabels),
    )
    .addOption(
      new Option('--metrics-port <port>', '/healthz, /readyz and /metrics; 0 takes any free port')
        .env('SCST_METRICS_PORT')
        .argParser(parsePort)
        .default(8080),
    )
    .addOption(
      new Option('--log-level <level>', 'what is logged').env('SCST_LOG_LEVEL').choices(LOG_LEVELS).default('info'),
    )
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false)
    .parse([...argv]);
  const { namespace, ...rest } = command.opts<Omit<OperatorOptions, 'namespace'> & { namespace?: string }>();
  return { ...rest, namespace: namespace ?? namespaceOfPod() ?? 'scst-system' };
}

function durationOption(flags: string, description: string, variable: string, initial: string): Option {
  return new Option(flags, description).env(variable).argParser(parseSeconds).default(parseSeconds(initial), initial);
}

/** `90`, `90s`, `5m` or `1h`, as seconds. */
export function parseSeconds(text: string): number {
  const match = /^(\d{1,6})(s|m|h)?$/.exec(text);
  const seconds = Number(match?.[1]) * { s: 1, m: 60, h: 3600 }[(match?.[2] ?? 's') as 's' | 'm' | 'h'];
  if (!(seconds >= 1)) {
    throw new InvalidArgumentError('a time of one second or more, as 90s, 5m or 1h');
  }
  return seconds;
}

function parseBoolean(text: string): boolean {
  if (text !== 'true' && text !== 'false') {
    throw new InvalidArgumentError('true or false');
  }
  return text === 'true';
}

function parseNodeLabels(text: string): Record<string, string> {
  const labels = parseLabels(text);
  if (labels === undefined) {
    throw new InvalidArgumentError('labels as KEY=VALUE, separated by commas');
  }
  return labels;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new InvalidArgumentError('a number from 0 to 65535');
  }
  return port;
}

function parseNamespace(text: string): string {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) {
    throw new InvalidArgumentError('a name of lower-case letters, digits and -');
  }
  return text;
}

function namespaceOfPod(): string | undefined {
  try {
    return readFileSync(NAMESPACE_OF_POD, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

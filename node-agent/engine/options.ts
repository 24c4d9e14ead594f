// The engine's command line and environment.
import { Command, InvalidArgumentError, Option } from 'commander';

export interface EngineSettings {
  runDir: string;
  stateDir: string;
  allowPath: string[];
  minFree: number;
  logLevel: string;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
const DEFAULT_ALLOWED_PATH = '/var/lib/scst/';

/** Ends the process for --help and --version (0) and for wrong arguments (1), as command-line programs do. */
export function parseOptions(argv: readonly string[], version: string): EngineSettings {
  const command = new Command('scst-engine')
    .description('Serves the logical units of this node: SCSI commands of TCMU rings on files.')
    .version(version)
    .addOption(
      new Option('--run-dir <directory>', 'socket, lock and run state; gone with a reboot')
        .env('SCST_RUN_DIR')
        .default('/run/scst'),
    )
    .addOption(
      new Option('--state-dir <directory>', 'what outlives a reboot').env('SCST_STATE_DIR').default('/var/lib/scst'),
    )
    .addOption(
      new Option(
        '--allow-path <directory...>',
        'directory whose files may back devices, may be given several times (env: SCST_ALLOW_PATH, separated by colons)',
      ).default(process.env.SCST_ALLOW_PATH?.split(':').filter(Boolean) ?? [DEFAULT_ALLOWED_PATH]),
    )
    .addOption(
      new Option('--min-free <percent>', 'a file may grow only while its file system keeps this share free')
        .env('SCST_MIN_FREE')
        .argParser(percent)
        .default(15),
    )
    .addOption(
      new Option('--log-level <level>', 'how much to log').env('SCST_LOG_LEVEL').choices(LOG_LEVELS).default('info'),
    )
    .addHelpText(
      'after',
      `
Examples:
  scst-engine
  scst-engine --allow-path /var/lib/scst/ --allow-path /srv/disks/ --min-free 5
  SCST_RUN_DIR=/tmp/run SCST_LOG_LEVEL=debug scst-engine

A second engine on the same --run-dir stands by until the first one ends.`,
    );
  return command.parse([...argv]).opts<EngineSettings>();
}

function percent(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < 100))
    throw new InvalidArgumentError('must be a percentage from 0 to less than 100');
  return value;
}

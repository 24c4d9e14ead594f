// scst: wires the process's streams, arguments and shell completion to the command line.
import tab from '@bomb.sh/tab/commander';
import { buildProgram, run } from './program.js';
import type { Output, Terminal } from './terminal.js';

const terminal: Terminal = { out: outputOf(process.stdout), err: outputOf(process.stderr) };
const argv = process.argv.slice(2);

function outputOf(stream: NodeJS.WriteStream): Output {
  return { write: (text) => void stream.write(text), isTerminal: stream.isTTY === true };
}

if (argv[0] === 'complete') {
  const program = buildProgram(terminal, () => undefined);
  tab(program);
  program.parse(process.argv);
} else {
  run(argv, terminal).then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
      process.stderr.write(`scst: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}

// The command server in a test node: runs shell commands for the harness. Standard input is the channel, in both directions: one JSON object a line.
//
// From the harness: {id, op: 'start', command, input: boolean}   {id, op: 'input', data: base64}   {id, op: 'end'}
//                   {id, op: 'kill', signal, group: boolean}
// To the harness:   {op: 'ready'}   {op: 'received', bytes} (of the channel)   {id, op: 'started', pid}   {id, op: 'out' | 'err', data: base64}
//                   {id, op: 'exit', code, signal}   {id, op: 'failed', message}   {id, op: 'taken'} (input was written)
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** How long output may still come, once a command has ended while something that it started holds its pipes. */
const OUTPUT_GRACE_MILLISECONDS = 500;

const environment = JSON.parse(readFileSync(process.argv[2], 'utf8'));
/** The tests of memory shortage must not lose the channel; what it starts has no such privilege. */
const spare = (spared) => writeFileSync('/proc/self/oom_score_adj', spared ? '-1000' : '0');
spare(true);

const channelOut = createWriteStream(null, { fd: 0, autoClose: false });
const send = (message) => channelOut.write(`${JSON.stringify(message)}\n`);
const commands = new Map();

function start({ id, command, input }) {
  spare(false);
  // A process group of its own, so that a command can be killed with what it started.
  const child = spawn('/bin/sh', ['-c', command], {
    detached: true,
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
    cwd: '/',
  });
  spare(true);
  commands.set(id, child);
  child.on('error', (cause) => {
    commands.delete(id);
    send({ id, op: 'failed', message: cause.message });
  });
  child.on('spawn', () => send({ id, op: 'started', pid: child.pid }));
  let lastOutput = 0;
  for (const [op, stream] of [
    ['out', child.stdout],
    ['err', child.stderr],
  ]) {
    stream.on('data', (data) => {
      lastOutput = Date.now();
      // Slower harness than command: the command waits, this process doesn't grow.
      if (!send({ id, op, data: data.toString('base64') })) {
        stream.pause();
        channelOut.once('drain', () => stream.resume());
      }
    });
  }
  // A command may end without reading its input.
  child.stdin?.on('error', () => {});
  let reported = false;
  const report = (code, signal) => {
    if (reported) return;
    reported = true;
    commands.delete(id);
    send({ id, op: 'exit', code, signal });
  };
  child.on('close', report);
  child.on('exit', (code, signal) => {
    const check = () => {
      if (Date.now() - lastOutput < OUTPUT_GRACE_MILLISECONDS || channelOut.writableNeedDrain)
        setTimeout(check, OUTPUT_GRACE_MILLISECONDS);
      else report(code, signal);
    };
    setTimeout(check, OUTPUT_GRACE_MILLISECONDS);
  });
}

function input({ id, data }) {
  const stdin = commands.get(id)?.stdin;
  if (!stdin?.writable) send({ id, op: 'taken' });
  else stdin.write(Buffer.from(data, 'base64'), () => send({ id, op: 'taken' }));
}

function kill({ id, signal, group }) {
  const child = commands.get(id);
  if (!child) return;
  try {
    process.kill(group ? -child.pid : child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function handle(line) {
  let message;
  try {
    message = JSON.parse(line);
  } catch {
    // Noise from before the line was in raw mode.
    return;
  }
  switch (message.op) {
    case 'start':
      start(message);
      break;
    case 'input':
      input(message);
      break;
    case 'end':
      commands.get(message.id)?.stdin?.end();
      break;
    case 'kill':
      kill(message);
      break;
  }
}

const channelIn = createReadStream(null, { fd: 0, autoClose: false });
channelIn.on('data', (data) => send({ op: 'received', bytes: data.length }));
createInterface({ input: channelIn }).on('line', handle);
send({ op: 'ready' });

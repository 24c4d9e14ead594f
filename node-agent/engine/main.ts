// The engine's process: wires the parts, serves the agent, ends on SIGTERM without taking anything down.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import { BackingRegistry } from '../backing/registry.js';
import { loadNative } from '../native/index.js';
import { acquireProcessLock } from '../native/process-lock.js';
import { serveEngine } from '../protocol/server.js';
import { ConfigurationStore } from './configuration-store.js';
import { Engine } from './engine.js';
import { parseOptions, type EngineSettings } from './options.js';
import { SysfsRingKernel } from './ring-kernel.js';
import { packageVersion } from '../files/package.js';

/** A backing that hangs must not hold up the others' files, so more threads than libuv's four. */
const FILE_THREADS = '16';
/** Before kubelet's 30 seconds are over; a backing that hangs longer loses what it had not written. */
const SHUTDOWN_MS = 20_000;

async function main(): Promise<void> {
  process.env.UV_THREADPOOL_SIZE ??= FILE_THREADS;
  process.umask(0o077);
  const version = packageVersion(__dirname);
  const settings = parseOptions(process.argv, version);
  const log = pino({ level: settings.logLevel, base: { component: 'engine' } }, pino.destination({ sync: true }));
  const stopping = new AbortController();
  process.once('SIGTERM', () => stopping.abort());
  process.once('SIGINT', () => stopping.abort());
  try {
    await run(settings, version, log, stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) process.exit(0);
    log.fatal({ err: error }, 'the engine ends');
    process.exit(1);
  }
}

async function run(settings: EngineSettings, version: string, log: Logger, stop: AbortSignal): Promise<void> {
  const { runDir, stateDir, allowPath, minFree } = settings;
  const binding = loadNative();
  mkdirSync(runDir, { recursive: true, mode: 0o755 });
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  await acquireProcessLock({ path: join(runDir, 'engine.lock'), binding, log, signal: stop });

  const engine = new Engine({
    environment: {
      binding,
      registry: new BackingRegistry(),
      allowedPaths: allowPath,
      minFree,
      kernel: new SysfsRingKernel(),
      runDirectory: runDir,
      stateDirectory: stateDir,
      bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      log,
      retry: { initialMs: 5_000, maximumMs: 60_000 },
    },
    store: new ConfigurationStore(runDir),
    version,
    onStatusChanged: (status) => server.notifyStatusChanged(status),
  });
  const server = await serveEngine({
    socketPath: join(runDir, 'engine.sock'),
    version,
    handlers: {
      configure: (configuration) => engine.configure(configuration),
      status: () => engine.status(),
      drain: () => engine.drain(),
      reclaim: (parameters) => engine.reclaim(parameters),
      act: (parameters) => engine.act(parameters),
    },
    onError: (error) => log.warn({ err: error }, 'connection of a client failed'),
  });
  log.info({ version, runDir, allowPath, minFree }, 'engine started');

  const stopped = new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
  if (!stop.aborted) {
    // Not awaited before the stop: a unit whose backing hangs would hold up the shutdown.
    engine
      .start()
      .catch((error: unknown) => log.error({ err: error }, 'the stored configuration could not be taken up'));
    await stopped;
  }
  log.info('stopping: commands that come now wait for the next engine');
  const overdue = setTimeout(() => {
    log.error({ afterMs: SHUTDOWN_MS }, 'a backing does not answer: ending without it');
    // process.exit would wait for the thread that hangs.
    process.kill(process.pid, 'SIGKILL');
  }, SHUTDOWN_MS);
  await server.close();
  await engine.shutdown();
  clearTimeout(overdue);
  log.info('stopped');
  process.exit(0);
}

void main();

// The engine's process: wires the parts, serves the agent, ends on SIGTERM without taking anything down.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pino, { type Logger } from 'pino';
import { BackingRegistry } from '../backing/registry.js';
import { loadNative } from '../native/index.js';
import { acquireProcessLock } from '../native/process-lock.js';
import type { EngineStatus } from '../protocol/types.js';
import { ConfigurationStore } from './configuration-store.js';
import { Engine } from './engine.js';
import { parseOptions, type EngineSettings } from './options.js';
import { SysfsRingKernel } from './ring-kernel.js';
import { packageVersion } from '../files/package.js';

/** A backing that hangs must not hold up the others' files, so more threads than libuv's four. */
const FILE_THREADS = '16';
/** Milliseconds that the rings of the former engine come before all else; a backing that hangs holds up no more than that. */
const RINGS_FIRST_MS = 2_000;
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
    await run(settings, version, log, stopping);
  } catch (error) {
    if (stopping.signal.aborted) process.exit(0);
    log.fatal({ err: error }, 'the engine ends');
    process.exit(1);
  }
}

async function run(settings: EngineSettings, version: string, log: Logger, stopping: AbortController): Promise<void> {
  const stop = stopping.signal;
  const { runDir, stateDir, allowPath, minFree } = settings;
  const binding = loadNative();
  mkdirSync(runDir, { recursive: true, mode: 0o755 });
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  await acquireProcessLock({ path: join(runDir, 'engine.lock'), binding, log, signal: stop });

  /** There is no client before there is a server. */
  let tell: (status: EngineStatus) => void = () => undefined;
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
    onStatusChanged: (status) => tell(status),
  });
  log.info({ version, runDir, allowPath, minFree }, 'engine started');
  if (!stop.aborted) await takeUp(engine, log);

  // Not before: commands wait in the rings for as long as these modules take to load.
  const { serveEngine } = await import('../protocol/server.js');
  const server = await serveEngine({
    socketPath: join(runDir, 'engine.sock'),
    version,
    handlers: {
      configure: (configuration) => engine.configure(configuration),
      status: () => engine.status(),
      drain: () => engine.drain(),
      reclaim: (parameters) => engine.reclaim(parameters),
      act: (parameters) => engine.act(parameters),
      end: () => {
        // The answer may still be lost with the connection: the agent waits for the end of the lock.
        setImmediate(() => stopping.abort());
        return Promise.resolve({});
      },
    },
    onError: (error) => log.warn({ err: error }, 'connection of a client failed'),
  });
  tell = (status) => server.notifyStatusChanged(status);

  const stopped = new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
  if (!stop.aborted) await stopped;
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

/** Resolves when every unit was tried, or after a time: a unit whose backing hangs would hold up agent and shutdown. */
async function takeUp(engine: Engine, log: Logger): Promise<void> {
  const tried = engine
    .start()
    .catch((error: unknown) => log.error({ err: error }, 'the stored configuration could not be taken up'));
  await Promise.race([tried, delay(RINGS_FIRST_MS, undefined, { ref: false })]);
}

void main();

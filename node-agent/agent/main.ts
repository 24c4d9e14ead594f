// scst-node-agent: wires options, lock, source, engine, kernel and devices to the pass, and ends on signals.
import { mkdir } from 'node:fs/promises';
import { release } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pino, { type Logger } from 'pino';
import { Registry } from 'prom-client';
import { HttpServer } from '../../operator/kube/http-server.js';
import { acquireProcessLock } from '../native/process-lock.js';
import { StepWorkers } from '../lio/index.js';
import { loadNative, nativeProgram } from '../native/index.js';
import { Devices } from './devices.js';
import { openForKernel } from '../backing/for-kernel.js';
import { packageRoot, packageVersion } from '../files/package.js';
import { EngineAccess } from './engine-access.js';
import { EngineProcess } from './engine-process.js';
import { JournalStore } from './journal-store.js';
import { Kernel } from './kernel.js';
import { ServedMetrics } from './served-metrics.js';
import { AgentMetrics } from './metrics.js';
import { parseAgentOptions, type AgentOptions } from './options.js';
import { Pass } from './pass.js';
import { systemdEndsTheRest } from './host-down.js';
import { isForced } from './tombstones.js';
import { setupIdOf } from './setup-id.js';
import { serveNodeState } from './state-socket.js';
import { prepareForPowerOff } from './shutdown.js';
import type { DesiredStateSource } from './sources/source.js';
import { PassTrigger } from './trigger.js';
import { forgetWriteCache } from './write-cache.js';

/** Milliseconds between passes when nothing happens: drift is found within this time. */
const INTERVAL_MS = 30_000;
const RETRY_MS = 1_000;
/** Milliseconds that the agent waits for an engine that it has told to end. */
const ENGINE_ENDS_MS = 5_000;

async function main(): Promise<void> {
  const options = parseAgentOptions(process.argv.slice(2), process.env);
  const log = pino({ name: 'scst-node-agent', level: options.logLevel });
  const root = packageRoot(__dirname) ?? __dirname;
  const version = packageVersion(__dirname);
  await mkdir(options.runDir, { recursive: true });
  const readiness = new Set(['no pass has run yet']);
  const registry = new Registry();
  const metrics = new AgentMetrics(registry);
  const http =
    options.httpPort === 0
      ? undefined
      : await HttpServer.start({ port: options.httpPort, registry, notReady: () => [...readiness] });

  const ending = new AbortController();
  let told = false;
  let engineOutlivesAll = false;
  const end = (signal: NodeJS.Signals): void => {
    told ||= signal === 'SIGPWR';
    engineOutlivesAll ||= systemdEndsTheRest();
    const hostGoesDown = told || engineOutlivesAll;
    log.info({ signal }, hostGoesDown ? 'the host goes down' : 'ending; devices and I/O stay as they are');
    ending.abort();
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGPWR'] as const) process.on(signal, end);

  const lockPath = join(options.runDir, 'agent.lock');
  // A stand-by is ready: it has nothing to do, and an upgrade must not wait for it.
  const onStandBy = () => readiness.clear();
  const held = acquireProcessLock({
    path: lockPath,
    binding: loadNative(),
    log,
    onStandBy,
    signal: ending.signal,
  });
  if (
    !(await held.then(
      () => true,
      () => false,
    ))
  ) {
    await http?.stop();
    return;
  }

  const trigger: PassTrigger = new PassTrigger({
    intervalMs: INTERVAL_MS,
    retryMs: RETRY_MS,
    pass: async () => {
      if (options.engine === 'spawn' && engine.absent) engineProcess.ensure(performance.now());
      const next = await metrics.time(() => pass.run());
      readiness.delete('no pass has run yet');
      return next;
    },
    onError: (error) => log.error({ error }, 'the pass failed'),
  });
  const request = (): void => trigger.request();
  const engine = new EngineAccess({
    socketPath: join(options.runDir, 'engine.sock'),
    onChange: request,
  });
  const engineProcess = new EngineProcess(options, root, log, request);
  const source = await makeSource(options, version, log, request);
  const workers = new StepWorkers(nativeProgram('scst-step'));
  const kernel = new Kernel({
    workers,
    runDir: options.runDir,
    forced: (pair) => isForced(pass.current, pair),
    openFile: (file) => openForKernel(loadNative(), file, options.allowPath),
    onSettled: request,
    metrics,
    log,
  });
  const devices = new Devices({ ioTimeoutSeconds: options.ioTimeout, workers, log });
  const pass: Pass = new Pass({
    source,
    journals: new JournalStore(options.stateDir),
    engine,
    kernel,
    devices,
    forgetWriteCache: (hctl) => forgetWriteCache(hctl, workers),
    versions: { agentVersion: version, kernelVersion: release() },
    ioTimeoutSeconds: options.ioTimeout,
    now: () => new Date(),
    log,
  });
  new ServedMetrics(registry, async () => {
    const status = await engine.status();
    return status && { units: pass.current?.served ?? [], status };
  });
  const socket = await serveNodeState({
    runDir: options.runDir,
    node: options.nodeName,
    version,
    source,
    engine,
    journal: () => pass.current,
    log,
  });
  ending.signal.addEventListener('abort', () => trigger.stop(), { once: true });
  if (ending.signal.aborted) trigger.stop();
  log.info({ node: options.nodeName, version, source: options.manifests ?? 'ScstNode' }, 'agent started');
  await trigger.run();

  if (told || engineOutlivesAll) {
    await prepareForPowerOff({
      journal: pass.current,
      engineOutlivesAll,
      drain: () => engine.drain(),
      observe: () => kernel.observe('all'),
      execute: (steps) => kernel.execute(steps),
      forgetWriteCache: (hctl) => forgetWriteCache(hctl, workers),
      endEngine: async () => {
        await engine.end();
        // Its lock ends with its process, and its files are closed then.
        const path = join(options.runDir, 'engine.lock');
        const signal = AbortSignal.timeout(ENGINE_ENDS_MS);
        await acquireProcessLock({ path, binding: loadNative(), log, retryMs: 50, signal });
      },
      sleep,
      log,
    });
  }
  await socket.close();
  engine.close();
  await source.stop();
  await http?.stop();
  log.info('agent ended');
}

/** Loads only what the way it runs needs: a node alone has no use for the Kubernetes client. */
async function makeSource(
  options: AgentOptions,
  version: string,
  log: Logger,
  onChange: () => void,
): Promise<DesiredStateSource> {
  const { manifests, nodeName, defaultTarget, stateDir, runDir, namespace, kubeconfig } = options;
  if (manifests !== undefined) {
    const { DirectorySource } = await import('./sources/directory.js');
    const setupId = await setupIdOf(stateDir, options.setupId);
    return new DirectorySource({
      directory: resolve(manifests),
      nodeName,
      defaultTarget,
      setupId,
      stateDir,
      runDir,
      onChange,
      log,
    });
  }
  const { ApiClient, loadKubeConfig } = await import('../../operator/kube/client.js');
  const { ScstNodeSource } = await import('./sources/scst-node.js');
  const api = new ApiClient(loadKubeConfig(kubeconfig), `scst-node-agent/${version}`);
  return new ScstNodeSource({ api, nodeName, namespace, runDir, onChange, log });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`scst-node-agent: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);

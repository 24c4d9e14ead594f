// The scst-operator process: wires options, logging, probes and the operator, and is all that ends the process.
import { pino } from 'pino';
import { createMetrics } from './controller/metrics.js';
import { ScstOperator } from './controller/scst-operator.js';
import { loadKubeConfig } from './kube/client.js';
import { messageOf } from './kube/errors.js';
import { HttpServer } from './kube/http-server.js';
import { parseOptions } from './options.js';

async function main(): Promise<void> {
  const options = parseOptions(process.argv);
  if (options.kubeconfig !== undefined) {
    // The operator's base class reads the default configuration before it can be told of another one.
    process.env['KUBECONFIG'] = options.kubeconfig;
  }
  const logger = pino({ name: 'scst-operator', level: options.logLevel });
  const metrics = createMetrics();
  const operator = new ScstOperator({
    kubeConfig: loadKubeConfig(options.kubeconfig),
    namespace: options.namespace,
    leaderElect: options.leaderElect,
    leaseDurationSeconds: options.leaseDuration,
    nodeGracePeriodMilliseconds: options.nodeGracePeriod * 1000,
    watchSeconds: options.watchTimeout,
    ...(options.defaultTarget && { defaultTarget: options.defaultTarget }),
    logger,
    metrics,
  });
  const server = await HttpServer.start({
    port: options.metricsPort,
    registry: metrics.registry,
    notReady: () => operator.notReady(),
  });
  logger.info({ port: server.port, namespace: options.namespace }, 'started');

  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) {
      return;
    }
    stopping = true;
    logger.info({ signal }, 'stopping');
    operator
      .stop()
      .then(() => server.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => fail(error),
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  await operator.start();
}

function fail(error: unknown): never {
  process.stderr.write(`scst-operator: ${messageOf(error)}\n`);
  process.exit(1);
}

main().catch(fail);

// The operator's metrics.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { WriteObserver } from '../kube/apply.js';
import type { WorkQueueObserver } from '../kube/work-queue.js';
import { parseKey } from './kinds.js';

export interface Metrics {
  readonly registry: Registry;
  readonly queue: Required<Pick<WorkQueueObserver, 'depth' | 'done'>>;
  readonly write: WriteObserver;
  watchFailed(plural: string): void;
  leading(epoch: number | undefined): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const reconciles = new Counter({
    name: 'scst_operator_reconciles_total',
    help: 'Reconciliations by kind of key and result.',
    labelNames: ['kind', 'result'],
    registers,
  });
  const durations = new Histogram({
    name: 'scst_operator_reconcile_duration_seconds',
    help: 'How long a reconciliation took.',
    labelNames: ['kind'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15],
    registers,
  });
  const depth = new Gauge({
    name: 'scst_operator_queue_depth',
    help: 'Keys that are ready and wait for a worker.',
    registers,
  });
  const writes = new Counter({
    name: 'scst_operator_writes_total',
    help: 'Writes sent to the API server, but for Leases and Events.',
    labelNames: ['verb', 'resource'],
    registers,
  });
  const watchErrors = new Counter({
    name: 'scst_operator_watch_errors_total',
    help: 'Lists and watches that failed.',
    labelNames: ['resource'],
    registers,
  });
  const leader = new Gauge({ name: 'scst_operator_leader', help: '1 while this process leads.', registers });
  const term = new Gauge({ name: 'scst_operator_epoch', help: 'Number of the last term of this process.', registers });
  return {
    registry,
    queue: {
      depth: (waiting) => depth.set(waiting),
      done: (key, result, seconds) => {
        const { kind } = parseKey(key);
        reconciles.inc({ kind, result });
        durations.observe({ kind }, seconds);
      },
    },
    write: (verb, { plural }) => writes.inc({ verb, resource: plural }),
    watchFailed: (plural) => watchErrors.inc({ resource: plural }),
    leading: (epoch) => {
      leader.set(epoch === undefined ? 0 : 1);
      if (epoch !== undefined) {
        term.set(epoch);
      }
    },
  };
}

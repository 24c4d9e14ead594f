// The agent's metrics.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ObservedLio, StepResult } from '../lio/index.js';
import type { EngineConfiguration, EngineStatus } from '../protocol/types.js';

export class AgentMetrics {
  private readonly passes: Histogram<'result'>;
  private readonly steps: Counter<'kind' | 'outcome'>;
  private readonly foreign: Gauge<'type'>;
  private readonly failures: Gauge<'device' | 'access'>;
  private readonly internalFailures: Gauge<'device'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.passes = new Histogram({
      name: 'scst_agent_pass_duration_seconds',
      help: 'Duration of a reconcile pass',
      labelNames: ['result'],
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30],
      registers,
    });
    this.steps = new Counter({
      name: 'scst_agent_steps_total',
      help: 'Steps taken in configfs',
      labelNames: ['kind', 'outcome'],
      registers,
    });
    this.foreign = new Gauge({
      name: 'scst_agent_foreign_objects',
      help: 'LIO objects on the node that others made, and that are left alone',
      labelNames: ['type'],
      registers,
    });
    this.failures = new Gauge({
      name: 'scst_device_backing_failures',
      help: 'Accesses to the backing of a device that failed since the engine started; noSpace: writes for want of space',
      labelNames: ['device', 'access'],
      registers,
    });
    this.internalFailures = new Gauge({
      name: 'scst_device_internal_failures',
      help: 'Commands that a defect of the engine ended with INTERNAL TARGET FAILURE since the engine started',
      labelNames: ['device'],
      registers,
    });
  }

  async time<T>(pass: () => Promise<T>): Promise<T> {
    const end = this.passes.startTimer();
    try {
      const result = await pass();
      end({ result: 'success' });
      return result;
    } catch (error) {
      end({ result: 'error' });
      throw error;
    }
  }

  observed({ foreign }: ObservedLio): void {
    if (foreign.backstores !== undefined) this.foreign.set({ type: 'backstore' }, foreign.backstores);
    if (foreign.sessions !== undefined) this.foreign.set({ type: 'session' }, foreign.sessions);
  }

  served({ units }: EngineConfiguration, status: EngineStatus): void {
    this.failures.reset();
    this.internalFailures.reset();
    for (const { uid, name } of units) {
      const served = status.units.find((unit) => unit.uid === uid);
      for (const [access, count] of Object.entries<number>(served?.failures ?? {}))
        this.failures.set({ device: name, access }, count);
      this.internalFailures.set({ device: name }, served?.internalFailures ?? 0);
    }
  }

  executed(results: readonly StepResult[]): void {
    for (const { step, outcome } of results) this.steps.inc({ kind: step.kind, outcome });
  }
}

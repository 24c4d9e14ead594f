// The agent's metrics.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ObservedLio, StepResult } from '../lio/index.js';

export class AgentMetrics {
  private readonly passes: Histogram<'result'>;
  private readonly steps: Counter<'kind' | 'outcome'>;
  private readonly foreign: Gauge<'type'>;

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

  executed(results: readonly StepResult[]): void {
    for (const { step, outcome } of results) this.steps.inc({ kind: step.kind, outcome });
  }
}

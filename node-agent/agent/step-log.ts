// One line per step that did something; what stands in the way is said when it changes, not with every pass.
import type { Logger } from 'pino';
import type { Step, StepResult } from '../lio/index.js';

export class StepLog {
  private readonly told = new Map<string, string>();

  constructor(private readonly log: Logger) {}

  results(results: readonly StepResult[]): void {
    for (const result of results) {
      if (result.outcome === 'skipped') continue;
      const subject = subjectOf(result.step);
      if (result.outcome === 'done') {
        this.told.delete(JSON.stringify(subject));
        this.log.info(subject, 'step done');
      } else this.obstacle(subject, result.outcome, result.error.message);
    }
  }

  private obstacle(subject: object, outcome: 'failed' | 'pending' | 'refused', message: string): void {
    const key = JSON.stringify(subject);
    if (this.told.get(key) === message) return;
    this.told.set(key, message);
    const level = outcome === 'failed' ? 'error' : 'warn';
    this.log[level](subject, `step ${outcome}: ${message}`);
  }
}

function subjectOf(step: Step): Partial<Record<'kind' | 'wwn' | 'lun' | 'backstore' | 'hctl', unknown>> {
  const { kind, wwn, lun, backstore, hctl } = step as Partial<Record<'wwn' | 'lun' | 'backstore' | 'hctl', unknown>> &
    Step;
  return { kind, wwn, lun, backstore, hctl };
}

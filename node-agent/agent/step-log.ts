// What steps did, many in a line; what stands in the way is said when it changes, not with every pass.
import type { Logger } from 'pino';
import type { Step, StepResult } from '../lio/index.js';

/** Of one line: 4 KiB, whatever collects the log takes that. */
const STEPS_IN_A_LINE = 24;

type Subject = Partial<Record<'kind' | 'wwn' | 'lun' | 'backstore' | 'hctl', unknown>>;

export class StepLog {
  private readonly told = new Map<string, string>();

  constructor(private readonly log: Logger) {}

  results(results: readonly StepResult[]): void {
    const done: Subject[] = [];
    for (const result of results) {
      if (result.outcome === 'skipped') continue;
      const subject = subjectOf(result.step);
      if (result.outcome !== 'done') {
        this.obstacle(subject, result.outcome, result.error.message);
        continue;
      }
      if (this.told.size > 0) this.told.delete(JSON.stringify(subject));
      done.push(subject);
    }
    for (let at = 0; at < done.length; at += STEPS_IN_A_LINE)
      this.log.info({ steps: done.slice(at, at + STEPS_IN_A_LINE) }, 'steps done');
  }

  private obstacle(subject: Subject, outcome: 'failed' | 'pending' | 'refused', message: string): void {
    const key = JSON.stringify(subject);
    if (this.told.get(key) === message) return;
    this.told.set(key, message);
    const level = outcome === 'failed' ? 'error' : 'warn';
    this.log[level](subject, `step ${outcome}: ${message}`);
  }
}

function subjectOf(step: Step): Subject {
  const { kind, wwn, lun, backstore, hctl } = step as Partial<Record<'wwn' | 'lun' | 'backstore' | 'hctl', unknown>> &
    Step;
  return { kind, wwn, lun, backstore, hctl };
}

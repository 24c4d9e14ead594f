// Which steps go on when one of the same group didn't succeed (pure).
import type { Step } from '../diff/steps.js';

/** Collects what steps that didn't succeed were about; one per group and pass. */
export class Blockers {
  private readonly blocked = new Map<string, Step>();

  /** To be called for every step that failed, was refused, is pending or was skipped. */
  block(step: Step): void {
    for (const key of touched(step)) if (!this.blocked.has(key)) this.blocked.set(key, step);
  }

  /** The step because of which this one must not be tried. */
  blockerOf(step: Step): Step | undefined {
    if (endsSession(step)) return this.blocked.values().next().value;
    const keys = needsSession(step) ? [SESSION, ...touched(step)] : touched(step);
    return keys.map((key) => this.blocked.get(key)).find((blocker) => blocker !== undefined);
  }
}

const SESSION = 'session';

function touched(step: Step): string[] {
  const keys: string[] = [];
  // A backstore that several LUNs share stays as it is when one of their links fails.
  if ('link' in step) keys.push(step.link);
  else if ('backstore' in step) keys.push(step.backstore);
  if ('lun' in step) keys.push(`lun_${step.lun}`);
  return keys.length > 0 ? keys : [SESSION];
}

/** The nexus and the directories above the LUNs go only after all LUNs went. */
function endsSession({ kind }: Step): boolean {
  return kind === 'dropNexus' || kind === 'removeTpg' || kind === 'removeSession' || kind === 'removeHba';
}

function needsSession({ kind }: Step): boolean {
  return kind === 'createLun' || kind === 'link' || kind === 'setNexus';
}

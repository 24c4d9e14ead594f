// How much of a difference is done before somebody hears of it: making and taking away SCSI devices takes its time (pure).
import { groupOf } from './diff.js';
import type { Step } from './steps.js';

/** The kernel scans for the device, and udev looks at it, before the next one's turn comes. */
const SLOW: readonly Step['kind'][] = ['link', 'unlink'];

/**
 * The steps of each group up to its `slow`th slow one; any prefix is safe to stop at. `cut`: there are more.
 */
export function firstSteps(steps: readonly Step[], slow: number): { steps: Step[]; cut: boolean } {
  const taken = new Map<string, number>();
  const first: Step[] = [];
  let cut = false;
  for (const step of steps) {
    const group = groupOf(step);
    // The HBA goes when all else has gone.
    const before = group === undefined ? (cut ? slow : 0) : (taken.get(group) ?? 0);
    if (before >= slow) {
      cut = true;
      continue;
    }
    first.push(step);
    if (group !== undefined) taken.set(group, before + (SLOW.includes(step.kind) ? 1 : 0));
  }
  return { steps: first, cut };
}

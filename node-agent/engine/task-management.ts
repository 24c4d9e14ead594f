// Task management functions: they arrive on one ring and concern the logical unit behind it.
import type { TaskManagementEvent } from '../native/types.js';
import type { Ring } from './ring.js';
import type { ServingUnit } from './serving-unit.js';

/** enum tcmu_tmr_type of linux/target_core_user.h. */
const TYPE = {
  abortTask: 1,
  abortTaskSet: 2,
  clearAca: 3,
  clearTaskSet: 4,
  logicalUnitReset: 5,
  targetWarmReset: 6,
  targetColdReset: 7,
  logicalUnitResetByPreempt: 128,
} as const;

/**
 * What runs is waited for, never cut short: a write that comes late would hit after the initiator was told that it
 * is over. The kernel holds the function's answer back until the commands have ended.
 */
export function manageTask(unit: ServingUnit, ring: Ring, { type, ids }: TaskManagementEvent): void {
  switch (type) {
    case TYPE.logicalUnitReset:
    case TYPE.targetWarmReset:
    case TYPE.targetColdReset:
      ring.resets += 1;
      ring.log.info({ type }, 'logical unit reset');
      unit.reset(ring.nexusId);
      return;
    case TYPE.clearTaskSet:
      ring.aborts += 1;
      ring.log.info({ type, aborted: unit.clearTaskSet(ring) }, 'task set cleared');
      return;
    case TYPE.abortTask:
    case TYPE.abortTaskSet:
    case TYPE.logicalUnitResetByPreempt: {
      ring.aborts += 1;
      const named = new Set(ids);
      const aborted = unit.abort((other, id) => other === ring && named.has(id));
      ring.log.info({ type, named: ids.length, aborted }, 'tasks aborted');
      return;
    }
    default:
      ring.log.info({ type }, 'task management function without effect');
  }
}

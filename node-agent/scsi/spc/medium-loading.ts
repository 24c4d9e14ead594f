// Taking the medium out and loading it again, as START STOP UNIT with LOEJ asks for (SBC-3 5.25, SPC-4 6.18).
import { removalPreventedBy, type LogicalUnit } from './logical-unit.js';
import { CheckCondition, SENSE } from './sense.js';
import { ATTENTION, raiseOnAll } from './unit-attentions.js';

/** No effect without a medium. @throws CheckCondition while a nexus prevents it */
export function ejectMedium(unit: LogicalUnit): void {
  if (removalPreventedBy(unit) !== undefined) throw new CheckCondition(SENSE.removalPrevented);
  if (!unit.medium) return;
  unit.ejected = unit.medium;
  unit.medium = undefined;
  unit.stateVersion++;
}

/**
 * The medium that was taken out; the nexuses are told, but the one that asked for it. No effect with a medium in place.
 * @throws CheckCondition while a nexus prevents that it is moved
 */
export function loadMedium(unit: LogicalUnit, nexusId?: string): void {
  if (!unit.ejected) return;
  if (removalPreventedBy(unit) !== undefined) throw new CheckCondition(SENSE.removalPrevented);
  unit.medium = unit.ejected;
  unit.ejected = undefined;
  unit.stateVersion++;
  raiseOnAll(unit, ATTENTION.mediumMayHaveChanged, nexusId);
}

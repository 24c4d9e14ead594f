// Failures of the medium: counted, and after a failed flush no write is taken any more.
import { MediumError } from '../types.js';
import type { LogicalUnit } from './logical-unit.js';
import { CheckCondition } from './sense.js';

/**
 * Of whatever an access to the medium failed with. A failed flush stays: the kernel has forgotten the pages that it could
 * not write, so that a later flush succeeds without them.
 */
export function noteMediumFailure(unit: LogicalUnit, error: unknown): void {
  const failure = error instanceof CheckCondition ? error.cause : error;
  if (!(failure instanceof MediumError)) return;
  unit.mediumFailures[failure.kind] += 1;
  if (failure.kind !== 'flush' || unit.writesLost) return;
  unit.writesLost = true;
  unit.stateVersion++;
}

/** Somebody has taken note, and opened the medium anew. */
export function forgetLostWrites(unit: LogicalUnit): void {
  if (!unit.writesLost) return;
  unit.writesLost = false;
  unit.stateVersion++;
}

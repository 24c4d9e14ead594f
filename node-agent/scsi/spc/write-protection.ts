// Who may not write, and what such a write is answered with.
import type { LogicalUnit } from './logical-unit.js';
import { softwareWriteProtected } from './mode-pages.js';
import type { Nexus } from './nexus.js';
import { SENSE, type SenseData } from './sense.js';

/** Sense of a write that must be refused, or nothing where the nexus may write. */
export function writeProtection(unit: LogicalUnit, nexus: Nexus): SenseData | undefined {
  if (unit.settings.readOnly || nexus.identity?.readOnly) return SENSE.writeProtected;
  return softwareWriteProtected(unit) ? SENSE.softwareWriteProtected : undefined;
}

// PREVENT ALLOW MEDIUM REMOVAL (SPC-4 6.18): remembered per nexus; removal needs the consent of all.
import { byteAt } from './bytes.js';
import type { Command } from './command.js';
import { invalidFieldInCdb } from './sense.js';

const PREVENT = 0x03;

export function preventAllowMediumRemoval({ unit, nexus, cdb }: Command): void {
  const prevent = byteAt(cdb, 4) & PREVENT;
  // 10b and 11b are obsolete but for MMC.
  if (prevent > 1) throw invalidFieldInCdb(4, 1);
  if (nexus.preventsRemoval === (prevent === 1)) return;
  nexus.preventsRemoval = prevent === 1;
  unit.stateVersion++;
}

/** SPC-2 table 10: only PREVENT=0 is allowed while another nexus holds a reservation. */
export function allowsRemoval(cdb: Uint8Array): boolean {
  return (byteAt(cdb, 4) & PREVENT) === 0;
}

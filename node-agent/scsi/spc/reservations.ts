// RESERVE and RELEASE (SPC-2 7.21, 7.16): one nexus holds the whole unit. Who conflicts is decided by the dispatch.
import { byteAt } from './bytes.js';
import type { Command } from './command.js';
import type { LogicalUnit } from './logical-unit.js';
import { ReservationConflict } from './persistent-reservations/transition.js';
import { invalidFieldInCdb } from './sense.js';

/** Extent and third-party reservations, in either CDB. */
const EXTENT = 0x01;
const LONGID = 0x02;
const THIRD_PARTY = 0x10;

export function reserve({ unit, nexus, cdb }: Command): void {
  checkScope(cdb);
  conflictWithRegistrations(unit);
  if (unit.reservation === nexus.id) return;
  unit.reservation = nexus.id;
  unit.stateVersion++;
}

/** By a nexus that doesn't hold the reservation: GOOD without effect. */
export function release({ unit, nexus, cdb }: Command): void {
  checkScope(cdb);
  conflictWithRegistrations(unit);
  if (unit.reservation !== nexus.id) return;
  unit.reservation = undefined;
  unit.stateVersion++;
}

/** SPC-4 5.9.3 with CRH 0: the two kinds of reservations don't mix. */
function conflictWithRegistrations({ persistentReservations }: LogicalUnit): void {
  if (persistentReservations.registrations.size > 0) throw new ReservationConflict();
}

function checkScope(cdb: Uint8Array): void {
  const flags = byteAt(cdb, 1);
  if (flags & THIRD_PARTY) throw invalidFieldInCdb(1, 4);
  if (flags & LONGID) throw invalidFieldInCdb(1, 1);
  if (flags & EXTENT) throw invalidFieldInCdb(1, 0);
}

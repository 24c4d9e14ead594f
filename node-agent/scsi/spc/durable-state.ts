// What a logical unit must not forget through a loss of power, as JSON.
import { fromHex, toHex } from './bytes.js';
import { resetModePages, type LogicalUnit } from './logical-unit.js';
import { restoreOperation, storedOperation, type StoredOperation } from './operation.js';
import {
  NO_PERSISTENT_RESERVATIONS,
  restoredReservations,
  storedReservations,
  type StoredReservations,
} from './persistent-reservations/state.js';

const VERSION = 1;

export interface UnitDurableState {
  version: typeof VERSION;
  /** Nothing unless the last registration asked for APTPL. */
  persistentReservations: StoredReservations | null;
  /** Saved mode pages: page code (decimal) → the page, hexadecimal. */
  modePages: Record<string, string>;
  /** INFORMATION TYPE (decimal) → what was written, hexadecimal. Absent: nothing was, or an older engine left the state. */
  identifyingInformation?: Record<string, string>;
  /** Goes on after a loss of power. */
  operation: StoredOperation | null;
}

export function durableState(unit: LogicalUnit): UnitDurableState {
  const { aptpl } = unit.persistentReservations;
  return {
    version: VERSION,
    // PRGENERATION starts anew with the next power on, so that it alone never makes a write necessary.
    persistentReservations: aptpl ? { ...storedReservations(unit.persistentReservations), generation: 0 } : null,
    modePages: stored(unit.savedModePages),
    ...(unit.identifyingInformation.size > 0 && { identifyingInformation: stored(unit.identifyingInformation) }),
    operation: storedOperation(unit),
  };
}

/** Into a freshly created unit, as at power on. @throws Error where a later version wrote it */
export function applyDurableState(unit: LogicalUnit, state: UnitDurableState): void {
  applySavedState(unit, state);
  resetModePages(unit);
  const { persistentReservations } = state;
  unit.persistentReservations = persistentReservations
    ? restoredReservations(persistentReservations)
    : NO_PERSISTENT_RESERVATIONS;
  restoreOperation(unit, state.operation);
  unit.stateVersion++;
}

/** Beside a snapshot of this boot, which knows all but what was saved. */
export function applySavedState(
  unit: LogicalUnit,
  { version, modePages, identifyingInformation = {} }: UnitDurableState,
): void {
  const written: number = version;
  if (written !== VERSION) throw new Error(`the state has version ${written}, this engine reads ${VERSION}`);
  unit.savedModePages = restored(modePages);
  unit.identifyingInformation = restored(identifyingInformation);
}

function stored(values: ReadonlyMap<number, Uint8Array>): Record<string, string> {
  return Object.fromEntries([...values].map(([code, value]) => [String(code), toHex(value)]));
}

function restored(values: Record<string, string>): Map<number, Uint8Array> {
  return new Map(Object.entries(values).map(([code, value]) => [Number(code), fromHex(value)]));
}

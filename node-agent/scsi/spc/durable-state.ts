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
  /** Goes on after a loss of power. */
  operation: StoredOperation | null;
}

export function durableState(unit: LogicalUnit): UnitDurableState {
  const { aptpl } = unit.persistentReservations;
  return {
    version: VERSION,
    // PRGENERATION starts anew with the next power on, so that it alone never makes a write necessary.
    persistentReservations: aptpl ? { ...storedReservations(unit.persistentReservations), generation: 0 } : null,
    modePages: Object.fromEntries([...unit.savedModePages].map(([code, page]) => [String(code), toHex(page)])),
    operation: storedOperation(unit),
  };
}

/** Into a freshly created unit, as at power on. @throws Error where a later version wrote it */
export function applyDurableState(unit: LogicalUnit, state: UnitDurableState): void {
  applySavedModePages(unit, state);
  resetModePages(unit);
  const { persistentReservations } = state;
  unit.persistentReservations = persistentReservations
    ? restoredReservations(persistentReservations)
    : NO_PERSISTENT_RESERVATIONS;
  restoreOperation(unit, state.operation);
  unit.stateVersion++;
}

/** Beside a snapshot of this boot, which knows all but what was saved. */
export function applySavedModePages(unit: LogicalUnit, { version, modePages }: UnitDurableState): void {
  const written: number = version;
  if (written !== VERSION) throw new Error(`the state has version ${written}, this engine reads ${VERSION}`);
  unit.savedModePages = new Map(Object.entries(modePages).map(([code, page]) => [Number(code), fromHex(page)]));
}

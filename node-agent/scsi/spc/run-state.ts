// What a logical unit must not forget while the engine restarts, as JSON.
import type { LogicalUnit } from './logical-unit.js';
import { restoreOperation, storedOperation, type StoredOperation } from './operation.js';
import { fromHex, toHex } from './bytes.js';
import { withChangeableBits } from './mode-pages.js';
import { restoredReservations, storedReservations, type StoredReservations } from './persistent-reservations/state.js';
import type { AttentionCode } from './unit-attentions.js';

/** Raised when a snapshot that an older engine left would be misread. */
const SNAPSHOT_VERSION = 2;

export class SnapshotVersionError extends Error {
  readonly code = 'SnapshotVersion';
  constructor(readonly version: unknown) {
    super(`the snapshot has version ${String(version)}, this engine reads ${SNAPSHOT_VERSION}`);
  }
}

export interface UnitSnapshot {
  version: typeof SNAPSHOT_VERSION;
  /** Id of the nexus that holds the SPC-2 reservation. */
  reservation: string | null;
  persistentReservations: StoredReservations;
  ejected: boolean;
  writesLost: boolean;
  /** Absent: no. */
  blocked?: true;
  operation: StoredOperation | null;
  /** Absent: an older engine left the snapshot, or it was never set. */
  timestampOffset?: number;
  nexuses: Record<string, { attentions: AttentionCode[]; preventsRemoval: boolean }>;
  /** Current values of the pages that MODE SELECT can change: page code (decimal) → the page, hexadecimal. */
  modePages: Record<string, string>;
}

export function snapshot(unit: LogicalUnit): UnitSnapshot {
  const nexuses = [...unit.nexuses.values()].map(({ id, attentions, preventsRemoval }) => [
    id,
    { attentions: attentions.map((code) => ({ ...code })), preventsRemoval },
  ]);
  const pages = [...unit.modePages].map(([code, page]) => [String(code), toHex(page)]);
  return {
    version: SNAPSHOT_VERSION,
    reservation: unit.reservation ?? null,
    persistentReservations: storedReservations(unit.persistentReservations),
    ejected: unit.ejected !== undefined,
    writesLost: unit.writesLost,
    ...(unit.blocked && { blocked: true }),
    operation: storedOperation(unit),
    ...(unit.timestampOffset !== undefined && { timestampOffset: unit.timestampOffset }),
    nexuses: Object.fromEntries(nexuses) as UnitSnapshot['nexuses'],
    modePages: Object.fromEntries(pages) as UnitSnapshot['modePages'],
  };
}

/**
 * Into a freshly created unit, before addNexus: a nexus that is added later under an id of the snapshot keeps what it had
 * pending. Ids that nobody adds again stay until removeNexus. Mode pages take the changeable bits only, so a setting that
 * changed meanwhile isn't overwritten.
 * @throws SnapshotVersionError
 */
export function restore(unit: LogicalUnit, state: UnitSnapshot): void {
  if (state.version !== SNAPSHOT_VERSION) throw new SnapshotVersionError(state.version);
  unit.nexuses.clear();
  for (const [id, { attentions, preventsRemoval }] of Object.entries(state.nexuses)) {
    unit.nexuses.set(id, {
      id,
      identity: undefined,
      attentions: attentions.map((code) => ({ ...code })),
      preventsRemoval,
    });
  }
  unit.reservation = state.reservation ?? undefined;
  unit.persistentReservations = restoredReservations(state.persistentReservations);
  unit.writesLost = state.writesLost;
  unit.blocked = state.blocked ?? false;
  unit.timestampOffset = state.timestampOffset;
  restoreOperation(unit, state.operation);
  if (state.ejected) {
    unit.ejected = unit.medium;
    unit.medium = undefined;
  }
  for (const page of unit.personality.modePages) {
    const initial = unit.modePages.get(page.code);
    const stored = fromHex(state.modePages[String(page.code)] ?? '');
    if (initial?.length !== stored.length) continue;
    unit.modePages.set(page.code, withChangeableBits(initial, stored, page.changeable(unit)));
  }
  unit.stateVersion++;
}

// What a logical unit must not forget while the engine restarts, as JSON.
import type { LogicalUnit } from './logical-unit.js';
import { fromHex, toHex } from './bytes.js';
import { withChangeableBits } from './mode-pages.js';
import type { AttentionCode } from './unit-attentions.js';

export interface UnitSnapshot {
  version: 1;
  /** Id of the nexus that holds the SPC-2 reservation. */
  reservation: string | null;
  nexuses: Record<string, { attentions: AttentionCode[]; preventsRemoval: boolean }>;
  /** Current values of the pages that MODE SELECT can change: page code (decimal) → the page, hexadecimal. */
  modePages: Record<string, string>;
}

export function snapshot(unit: LogicalUnit): UnitSnapshot {
  const nexuses = [...unit.nexuses.values()].map(({ id, attentions, preventsRemoval }) => [
    id,
    { attentions: attentions.map((code) => ({ ...code })), preventsRemoval },
  ]);
  const pages = unit.personality.modePages
    .filter((page) => page.changeable(unit).some((mask) => mask !== 0))
    .map(({ code }) => [String(code), toHex(unit.modePages.get(code) ?? new Uint8Array())]);
  return {
    version: 1,
    reservation: unit.reservation ?? null,
    nexuses: Object.fromEntries(nexuses) as UnitSnapshot['nexuses'],
    modePages: Object.fromEntries(pages) as UnitSnapshot['modePages'],
  };
}

/**
 * Into a freshly created unit, before addNexus: a nexus that is added later under an id of the snapshot keeps what it had
 * pending. Ids that nobody adds again stay until removeNexus. Mode pages take the changeable bits only, so a setting that
 * changed meanwhile isn't overwritten.
 */
export function restore(unit: LogicalUnit, state: UnitSnapshot): void {
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
  for (const page of unit.personality.modePages) {
    const stored = fromHex(state.modePages[String(page.code)] ?? '');
    const defaults = page.defaults(unit);
    if (stored.length !== defaults.length) continue;
    unit.modePages.set(page.code, withChangeableBits(defaults, stored, page.changeable(unit)));
  }
  unit.stateVersion++;
}

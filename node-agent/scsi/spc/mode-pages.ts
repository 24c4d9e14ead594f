// Mode pages: default, changeable and current values, and what the current ones mean.
import type { LogicalUnit } from './logical-unit.js';

export interface ModePageDefinition {
  readonly code: number;
  /** Of a page in the sub_page format, which has four header bytes; only fixed pages have one. */
  readonly subpage?: number;
  /** Default values, with the two header bytes (PS 0: MODE SENSE sets it where the page can be saved). */
  readonly defaults: (unit: LogicalUnit) => Uint8Array;
  /** A 1 for each bit that MODE SELECT may change, with zeros for the header bytes; as long as the page. */
  readonly changeable: (unit: LogicalUnit) => Uint8Array;
}

export const CACHING_PAGE = 0x08;
export const CONTROL_PAGE = 0x0a;
/** Byte 2 of the caching page. */
export const WCE = 0x04;
const D_SENSE = 0x04;
const SWP = 0x08;
const TAS = 0x40;

/** The pages that MODE SELECT can change, as they are after power on. */
export function initialModePages(unit: LogicalUnit): Map<number, Uint8Array> {
  const changeable = unit.personality.modePages.filter((page) => canBeChanged(unit, page));
  return new Map(changeable.map((page) => [page.code, savedModePage(unit, page)]));
}

/** Bytes of a page's header. */
export function headerLength(page: ModePageDefinition): number {
  return page.subpage === undefined ? 2 : 4;
}

/** What can be changed can be saved. */
export function canBeChanged(unit: LogicalUnit, page: ModePageDefinition): boolean {
  return page.changeable(unit).some((mask) => mask !== 0);
}

/** The saved values; the defaults of what was never saved, or can't be changed any more. */
export function savedModePage(unit: LogicalUnit, page: ModePageDefinition): Uint8Array {
  const defaults = page.defaults(unit);
  const saved = unit.savedModePages.get(page.code);
  return saved?.length === defaults.length ? withChangeableBits(defaults, saved, page.changeable(unit)) : defaults;
}

/** A page that can't be changed isn't remembered: it follows the unit (its capacity, say). */
export function currentModePage(unit: LogicalUnit, page: ModePageDefinition): Uint8Array {
  return (page.subpage === undefined ? unit.modePages.get(page.code) : undefined) ?? page.defaults(unit);
}

function bitIsSet(unit: LogicalUnit, page: number, byte: number, mask: number): boolean {
  return ((unit.modePages.get(page)?.[byte] ?? 0) & mask) !== 0;
}

/** WCE: false means that each write is durable before GOOD, unless the cache is non-volatile. */
export function writeCacheEnabled(unit: LogicalUnit): boolean {
  return bitIsSet(unit, CACHING_PAGE, 2, WCE);
}

export function descriptorFormatSense(unit: LogicalUnit): boolean {
  return bitIsSet(unit, CONTROL_PAGE, 2, D_SENSE);
}

export function softwareWriteProtected(unit: LogicalUnit): boolean {
  return bitIsSet(unit, CONTROL_PAGE, 4, SWP);
}

/** Commands that another nexus aborts end with TASK ABORTED; otherwise their nexus gets a unit attention (SAM-5 5.6). */
export function taskAbortedStatus(unit: LogicalUnit): boolean {
  return bitIsSet(unit, CONTROL_PAGE, 5, TAS);
}

/** `current` with the changeable bits taken from `wanted`, which must be as long. */
export function withChangeableBits(current: Uint8Array, wanted: Uint8Array, changeable: Uint8Array): Uint8Array {
  return current.map((byte, at) => (byte & ~(changeable[at] ?? 0)) | ((wanted[at] ?? 0) & (changeable[at] ?? 0)));
}

// Mode pages: default, changeable and current values, and what the current ones mean.
import type { LogicalUnit } from './logical-unit.js';

export interface ModePageDefinition {
  readonly code: number;
  /** Default values, with the two header bytes (PS 0: saving is not supported). */
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

/** The pages that MODE SELECT can change, as they are after power on. */
export function initialModePages(unit: LogicalUnit): Map<number, Uint8Array> {
  const changeable = unit.personality.modePages.filter((page) => page.changeable(unit).some((mask) => mask !== 0));
  return new Map(changeable.map((page) => [page.code, page.defaults(unit)]));
}

/** A page that can't be changed isn't remembered: it follows the unit (its capacity, say). */
export function currentModePage(unit: LogicalUnit, page: ModePageDefinition): Uint8Array {
  return unit.modePages.get(page.code) ?? page.defaults(unit);
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

/** `current` with the changeable bits taken from `wanted`, which must be as long. */
export function withChangeableBits(current: Uint8Array, wanted: Uint8Array, changeable: Uint8Array): Uint8Array {
  return current.map((byte, at) => (byte & ~(changeable[at] ?? 0)) | ((wanted[at] ?? 0) & (changeable[at] ?? 0)));
}

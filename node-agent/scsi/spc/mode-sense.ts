// MODE SENSE(6) and (10) (SPC-4 6.11, 6.12).
import { byteAt, concat, putUint16, putUint32, putUint64, uint16 } from './bytes.js';
import type { Command } from './command.js';
import { writeProtection } from './write-protection.js';
import type { LogicalUnit } from './logical-unit.js';
import { canBeChanged, currentModePage, headerLength, savedModePage, type ModePageDefinition } from './mode-pages.js';
import { invalidFieldInCdb } from './sense.js';

const DBD = 0x08;
const LLBAA = 0x10;
const WP = 0x80;
const PS = 0x80;
const LONGLBA = 0x01;
const ALL_PAGES = 0x3f;
const ALL_SUBPAGES = 0xff;

export function modeSense6(command: Command): Uint8Array {
  const { cdb } = command;
  const { deviceSpecific, descriptor, pages } = modeParameters(command, false);
  const header = [3 + descriptor.length + pages.length, 0, deviceSpecific, descriptor.length];
  return concat(header, descriptor, pages).subarray(0, byteAt(cdb, 4));
}

export function modeSense10(command: Command): Uint8Array {
  const { cdb } = command;
  const longLba = (byteAt(cdb, 1) & LLBAA) !== 0;
  const { deviceSpecific, descriptor, pages } = modeParameters(command, longLba);
  const header = new Uint8Array(8);
  putUint16(header, 0, 6 + descriptor.length + pages.length);
  header[3] = deviceSpecific;
  header[4] = longLba && descriptor.length > 0 ? LONGLBA : 0;
  putUint16(header, 6, descriptor.length);
  return concat(header, descriptor, pages).subarray(0, uint16(cdb, 7));
}

function modeParameters({ unit, nexus, cdb }: Command, longLba: boolean) {
  const values = valuesOf(unit, byteAt(cdb, 2) >> 6);
  const pages = wantedPages(unit, byteAt(cdb, 2) & 0x3f, byteAt(cdb, 3)).map((page) => {
    const saveable = canBeChanged(unit, page) ? PS : 0;
    return Uint8Array.from(values(page), (byte, at) => (at === 0 ? byte | saveable : byte));
  });
  const writeProtected = writeProtection(unit, nexus) ? WP : 0;
  return {
    deviceSpecific: unit.personality.modeDeviceSpecific | writeProtected,
    descriptor: byteAt(cdb, 1) & DBD ? new Uint8Array() : blockDescriptor(unit, longLba),
    pages: concat(...pages),
  };
}

/** SPC-4 table 155: subpage 00h means the page_0 format, FFh both. */
function wantedPages(unit: LogicalUnit, code: number, subpage: number): readonly ModePageDefinition[] {
  const ofCode = unit.personality.modePages.filter((page) => code === ALL_PAGES || page.code === code);
  if (ofCode.length === 0) throw invalidFieldInCdb(2, 5);
  if (subpage === ALL_SUBPAGES) return ofCode;
  const wanted = ofCode.filter((page) => (page.subpage ?? 0) === subpage);
  if (wanted.length === 0 || (code === ALL_PAGES && subpage !== 0)) throw invalidFieldInCdb(3);
  return wanted;
}

/** By the PC field: current, changeable, default, saved. */
function valuesOf(unit: LogicalUnit, pageControl: number): (page: ModePageDefinition) => Uint8Array {
  switch (pageControl) {
    case 0:
      return (page) => currentModePage(unit, page);
    case 1:
      return (page) =>
        concat(page.defaults(unit).subarray(0, headerLength(page)), page.changeable(unit).subarray(headerLength(page)));
    case 2:
      return (page) => page.defaults(unit);
    default:
      return (page) => savedModePage(unit, page);
  }
}

const BLOCKS_MAX = 0xffff_ffffn;

/** SBC-3 6.5.2: short or long LBA mode parameter block descriptor. */
export function blockDescriptor({ medium, blockSize }: LogicalUnit, longLba: boolean): Uint8Array {
  const blocks = medium?.blocks ?? 0n;
  const descriptor = new Uint8Array(longLba ? 16 : 8);
  if (longLba) {
    putUint64(descriptor, 0, blocks);
    putUint32(descriptor, 12, blockSize);
  } else {
    putUint32(descriptor, 0, Number(blocks > BLOCKS_MAX ? BLOCKS_MAX : blocks));
    // Density code 0 and three bytes of block length.
    putUint32(descriptor, 4, blockSize);
  }
  return descriptor;
}

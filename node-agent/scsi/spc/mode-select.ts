// MODE SELECT(6) and (10) (SPC-4 6.9, 6.10): all of the list is checked before any of it is taken.
import { byteAt, uint16 } from './bytes.js';
import type { Command } from './command.js';
import type { LogicalUnit } from './logical-unit.js';
import { CACHING_PAGE, currentModePage, headerLength, WCE, withChangeableBits } from './mode-pages.js';
import { blockDescriptor } from './mode-sense.js';
import type { Nexus } from './nexus.js';
import { CheckCondition, invalidFieldInCdb, invalidFieldInParameterList, SENSE } from './sense.js';
import { ATTENTION, raiseOnAll } from './unit-attentions.js';

const PF = 0x10;
const SP = 0x01;
const SPF = 0x40;
const PAGE_CODE = 0x3f;
const LONGLBA = 0x01;

interface ListHeader {
  length: number;
  descriptorLength: number;
  longLba: boolean;
}

export function modeSelect6(command: Command): Promise<void> {
  const list = parameterList(command, byteAt(command.cdb, 4), 4);
  return select(command, list, { length: 4, descriptorLength: byteAt(list, 3), longLba: false });
}

export function modeSelect10(command: Command): Promise<void> {
  const list = parameterList(command, uint16(command.cdb, 7), 8);
  const descriptorLength = list.length === 0 ? 0 : uint16(list, 6);
  return select(command, list, { length: 8, descriptorLength, longLba: (byteAt(list, 4) & LONGLBA) !== 0 });
}

/** SPC-4 6.9.1: a length of zero is no error; one that cuts the header, or that the transport didn't bring, is. */
function parameterList({ cdb, dataOut }: Command, length: number, headerLength: number): Uint8Array {
  const flags = byteAt(cdb, 1);
  if ((flags & PF) === 0) throw invalidFieldInCdb(1, 4);
  if (length > dataOut.length || (length > 0 && length < headerLength)) throw lengthError();
  return dataOut.subarray(0, length);
}

async function select({ unit, nexus, cdb }: Command, list: Uint8Array, header: ListHeader): Promise<void> {
  if (list.length > 0) await take(unit, nexus, list, header);
  if (byteAt(cdb, 1) & SP) savePages(unit);
}

/** SPC-4 6.9.1: with SP all pages that can be saved are, also those that the list doesn't name. */
function savePages(unit: LogicalUnit): void {
  unit.savedModePages = new Map([...unit.modePages].map(([code, page]) => [code, Uint8Array.from(page)]));
  unit.stateVersion++;
}

async function take(unit: LogicalUnit, nexus: Nexus, list: Uint8Array, header: ListHeader): Promise<void> {
  checkBlockDescriptor(unit, list, header);
  const selected = selectedPages(unit, list, header.length + header.descriptorLength);
  const changed = [...selected].filter(([code, page]) => !equal(page, unit.modePages.get(code) ?? page));
  if (changed.length === 0) return;
  await flushBeforeWriteThrough(unit, new Map(changed).get(CACHING_PAGE));
  for (const [code, page] of changed) unit.modePages.set(code, page);
  unit.stateVersion++;
  raiseOnAll(unit, ATTENTION.modeParametersChanged, nexus.id);
}

/** What the cache holds must not stay volatile once WCE is 0 (SBC-3 6.5.5). */
async function flushBeforeWriteThrough(unit: LogicalUnit, caching: Uint8Array | undefined): Promise<void> {
  if (caching && (byteAt(caching, 2) & WCE) === 0) await unit.medium?.flush();
}

/** Capacity and block length can't be changed by MODE SELECT: only a descriptor that says what is so passes. */
function checkBlockDescriptor(unit: LogicalUnit, list: Uint8Array, header: ListHeader): void {
  if (header.descriptorLength === 0) return;
  const actual = blockDescriptor(unit, header.longLba);
  if (header.descriptorLength !== actual.length) throw invalidFieldInParameterList(header.length - 1);
  if (header.length + actual.length > list.length) throw lengthError();
  const given = list.subarray(header.length, header.length + actual.length);
  const blockCountBytes = header.longLba ? 8 : 4;
  // SBC-3 6.5.2.2: a NUMBER OF LOGICAL BLOCKS of zero leaves the capacity as it is.
  const keepsCapacity = given.subarray(0, blockCountBytes).every((byte) => byte === 0);
  const differs = given.findIndex((byte, at) => byte !== actual[at] && !(keepsCapacity && at < blockCountBytes));
  if (differs >= 0) throw invalidFieldInParameterList(header.length + differs);
}

/** The pages of the list as they will be, by code. */
function selectedPages(unit: LogicalUnit, list: Uint8Array, start: number): Map<number, Uint8Array> {
  const selected = new Map<number, Uint8Array>();
  let offset = start;
  while (offset < list.length) {
    const first = byteAt(list, offset);
    const subpage = first & SPF ? byteAt(list, offset + 1) : undefined;
    const definition = unit.personality.modePages.find(
      (page) => page.code === (first & PAGE_CODE) && page.subpage === subpage,
    );
    if (!definition) throw invalidFieldInParameterList(offset, 5);
    const header = headerLength(definition);
    if (offset + header > list.length) throw lengthError();
    const current = currentModePage(unit, definition);
    const given = subpage === undefined ? byteAt(list, offset + 1) : uint16(list, offset + 2);
    if (given !== current.length - header) throw invalidFieldInParameterList(offset + header - 1);
    if (offset + current.length > list.length) throw lengthError();
    const wanted = list.subarray(offset, offset + current.length);
    const changeable = definition.changeable(unit);
    rejectUnchangeable(current, wanted, changeable, header, offset);
    if (subpage === undefined) selected.set(definition.code, withChangeableBits(current, wanted, changeable));
    offset += current.length;
  }
  return selected;
}

/** The header bytes are not compared: PS is reserved here, and code and length were checked. */
function rejectUnchangeable(
  current: Uint8Array,
  wanted: Uint8Array,
  changeable: Uint8Array,
  header: number,
  offset: number,
): void {
  for (let at = header; at < current.length; at++) {
    const differing = (byteAt(current, at) ^ byteAt(wanted, at)) & ~byteAt(changeable, at);
    if (differing) throw invalidFieldInParameterList(offset + at, 31 - Math.clz32(differing));
  }
}

function lengthError(): CheckCondition {
  return new CheckCondition(SENSE.parameterListLengthError);
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

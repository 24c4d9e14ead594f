// REPORT TARGET PORT GROUPS (SPC-4 6.37): all ports are in one group, which is always active/optimized.
import { byteAt, bytes16, concat, putUint32, uint32 } from './bytes.js';
import type { Command } from './command.js';
import { invalidFieldInCdb } from './sense.js';

const PARAMETER_DATA_FORMAT = 0xe0;
const EXTENDED_HEADER = 0x20;
/** RTPG_FMT 001b, and no transition that would take time. */
const EXTENSION = [0x10, 0, 0, 0];
const ACTIVE_OPTIMIZED = 0x00;
const AO_SUP = 0x01;
const GROUP = 1;

/** The ports are those by which the unit has nexuses, once each. */
export function reportTargetPortGroups({ unit, cdb }: Command): Uint8Array {
  const format = byteAt(cdb, 1) & PARAMETER_DATA_FORMAT;
  if (format !== 0 && format !== EXTENDED_HEADER) throw invalidFieldInCdb(1, 7);
  const found = [...unit.nexuses.values()].flatMap(({ identity }) => identity?.relTgtId ?? []);
  const ports = [...new Set(found)].sort((one, other) => one - other);
  const descriptor = [ACTIVE_OPTIMIZED, AO_SUP, ...bytes16(GROUP), 0, 0, 0, ports.length];
  const groups = concat(descriptor, ...ports.map((port) => [0, 0, ...bytes16(port)]));
  const body = concat(format === 0 ? [] : EXTENSION, groups);
  const header = new Uint8Array(4);
  putUint32(header, 0, body.length);
  return concat(header, body).subarray(0, uint32(cdb, 6));
}

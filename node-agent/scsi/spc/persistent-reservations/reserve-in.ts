// PERSISTENT RESERVE IN (SPC-4 6.15): READ KEYS, READ RESERVATION, REPORT CAPABILITIES, READ FULL STATUS.
import { bytes16, concat, putUint32, putUint64, uint16 } from '../bytes.js';
import type { Command } from '../command.js';
import { holdsReservation, type PersistentReservations } from './state.js';

export function readKeys({ unit, cdb }: Command): Uint8Array {
  const keys = [...unit.persistentReservations.registrations.values()].map(({ key }) => bytes64(key));
  return withHeader(unit.persistentReservations, concat(...keys)).subarray(0, uint16(cdb, 7));
}

/** Of the all-registrants types the key is 0 (SPC-4 6.15.3.2). */
export function readReservation({ unit, cdb }: Command): Uint8Array {
  const state = unit.persistentReservations;
  return withHeader(state, reservationDescriptor(state)).subarray(0, uint16(cdb, 7));
}

function reservationDescriptor({ reservation, registrations }: PersistentReservations): Uint8Array {
  if (!reservation) return new Uint8Array();
  const descriptor = new Uint8Array(16);
  const holder = reservation.holder === undefined ? undefined : registrations.get(reservation.holder);
  putUint64(descriptor, 0, holder?.key ?? 0n);
  descriptor[13] = reservation.type;
  return descriptor;
}

/** SIP_C, ATP_C, PTPL_C: SPEC_I_PT, ALL_TG_PT and APTPL are served. CRH 0: RESERVE conflicts with registrations. */
const CAPABILITIES = 0x08 | 0x04 | 0x01;
const TYPE_MASK_VALID = 0x80;
/** TEST UNIT READY passes every reservation (SPC-4 table 167). */
const ALLOW_COMMANDS = 0x10;
const PERSISTENT_NOW = 0x01;
/** WR_EX_AR, EX_AC_RO, WR_EX_RO, EX_AC, WR_EX; EX_AC_AR. */
const TYPE_MASK = [0x80 | 0x40 | 0x20 | 0x08 | 0x02, 0x01];

export function reportCapabilities({ unit, cdb }: Command): Uint8Array {
  const activated = unit.persistentReservations.aptpl ? PERSISTENT_NOW : 0;
  const data = concat([0, 8, CAPABILITIES, TYPE_MASK_VALID | ALLOW_COMMANDS | activated], TYPE_MASK, [0, 0]);
  return data.subarray(0, uint16(cdb, 7));
}

const R_HOLDER = 0x01;

/** One descriptor per registered I_T nexus, so ALL_TG_PT is 0 in each. */
export function readFullStatus({ unit, cdb }: Command): Uint8Array {
  const state = unit.persistentReservations;
  const descriptors = [...state.registrations].map(([name, { key, relTgtId, transportId }]) => {
    const holds = holdsReservation(state, name);
    const descriptor = new Uint8Array(24);
    putUint64(descriptor, 0, key);
    descriptor[12] = holds ? R_HOLDER : 0;
    descriptor[13] = holds ? (state.reservation?.type ?? 0) : 0;
    descriptor.set(bytes16(relTgtId), 18);
    putUint32(descriptor, 20, transportId.length);
    return concat(descriptor, transportId);
  });
  return withHeader(state, concat(...descriptors)).subarray(0, uint16(cdb, 7));
}

/** PRGENERATION and ADDITIONAL LENGTH, which doesn't follow the allocation length. */
function withHeader({ generation }: PersistentReservations, list: Uint8Array): Uint8Array {
  const header = new Uint8Array(8);
  putUint32(header, 0, generation);
  putUint32(header, 4, list.length);
  return concat(header, list);
}

function bytes64(value: bigint): Uint8Array {
  const data = new Uint8Array(8);
  putUint64(data, 0, value);
  return data;
}

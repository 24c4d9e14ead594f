// The persistent reservations of a logical unit (SPC-4 5.9): who is registered with which key, and who holds the unit.
import type { NexusIdentity } from '../../types.js';
import { fromHex, toHex } from '../bytes.js';

/** SPC-4 table 174. The all-registrants types make every registrant a holder. */
export const RESERVATION_TYPE = {
  writeExclusive: 1,
  exclusiveAccess: 3,
  writeExclusiveRegistrantsOnly: 5,
  exclusiveAccessRegistrantsOnly: 6,
  writeExclusiveAllRegistrants: 7,
  exclusiveAccessAllRegistrants: 8,
} as const;

export type ReservationType = (typeof RESERVATION_TYPE)[keyof typeof RESERVATION_TYPE];

const TYPES: ReadonlySet<number> = new Set(Object.values(RESERVATION_TYPE));

export function isReservationType(value: number): value is ReservationType {
  return TYPES.has(value);
}

export function isAllRegistrants(type: ReservationType): boolean {
  return (
    type === RESERVATION_TYPE.writeExclusiveAllRegistrants || type === RESERVATION_TYPE.exclusiveAccessAllRegistrants
  );
}

/** Types under which other registrants lose their access when the reservation goes, and are told so (SPC-4 5.9.11.2.2). */
export function concernsRegistrants(type: ReservationType): boolean {
  return type >= RESERVATION_TYPE.writeExclusiveRegistrantsOnly;
}

/** An I_T nexus by its ports. A session that is made again with the same ports is the same nexus. */
export interface NexusPorts {
  readonly transportId: Uint8Array;
  readonly relTgtId: number;
}

export interface Registration extends NexusPorts {
  readonly key: bigint;
}

/** Never changed in place: a command makes the next state of the one before. */
export interface PersistentReservations {
  /** PRGENERATION: goes up with each change of the registrations, wraps at 2^32, starts with 0 at power on. */
  readonly generation: number;
  /** The last registration asked for persistence through loss of power. */
  readonly aptpl: boolean;
  /** By nexusName, in the order of registration. */
  readonly registrations: ReadonlyMap<string, Registration>;
  /** `holder`: nexusName; nothing for the all-registrants types. */
  readonly reservation: { readonly type: ReservationType; readonly holder: string | undefined } | undefined;
}

export const NO_PERSISTENT_RESERVATIONS: PersistentReservations = {
  generation: 0,
  aptpl: false,
  registrations: new Map(),
  reservation: undefined,
};

export function nexusName({ transportId, relTgtId }: NexusPorts): string {
  return `${toHex(transportId)}/${relTgtId}`;
}

/** What a nexus may do with the medium. */
export type NexusAccess = 'all' | 'read' | 'none';

/** SPC-4 table 66 and SBC-3 table 13, in the form that all of their rows share. */
export function nexusAccess(state: PersistentReservations, identity: NexusIdentity): NexusAccess {
  const { reservation, registrations } = state;
  if (!reservation) return 'all';
  const name = nexusName(identity);
  switch (reservation.type) {
    case RESERVATION_TYPE.writeExclusive:
      return reservation.holder === name ? 'all' : 'read';
    case RESERVATION_TYPE.exclusiveAccess:
      return reservation.holder === name ? 'all' : 'none';
    case RESERVATION_TYPE.writeExclusiveRegistrantsOnly:
    case RESERVATION_TYPE.writeExclusiveAllRegistrants:
      return registrations.has(name) ? 'all' : 'read';
    default:
      return registrations.has(name) ? 'all' : 'none';
  }
}

export function holdsReservation({ reservation, registrations }: PersistentReservations, name: string): boolean {
  if (!reservation) return false;
  return isAllRegistrants(reservation.type) ? registrations.has(name) : reservation.holder === name;
}

export function nextGeneration({ generation }: PersistentReservations): number {
  return (generation + 1) >>> 0;
}

/** JSON of a state. Keys and TransportIDs are hexadecimal. */
export interface StoredReservations {
  generation: number;
  aptpl: boolean;
  registrations: { transportId: string; relTgtId: number; key: string }[];
  reservation: { type: ReservationType; holder: string | null } | null;
}

export function storedReservations(state: PersistentReservations): StoredReservations {
  const { generation, aptpl, registrations, reservation } = state;
  return {
    generation,
    aptpl,
    registrations: [...registrations.values()].map(({ transportId, relTgtId, key }) => ({
      transportId: toHex(transportId),
      relTgtId,
      key: key.toString(16).padStart(16, '0'),
    })),
    reservation: reservation ? { type: reservation.type, holder: reservation.holder ?? null } : null,
  };
}

export function restoredReservations(stored: StoredReservations): PersistentReservations {
  const registrations = stored.registrations.map(({ transportId, relTgtId, key }): [string, Registration] => {
    const ports = { transportId: fromHex(transportId), relTgtId };
    return [nexusName(ports), { ...ports, key: BigInt(`0x${key}`) }];
  });
  const { generation, aptpl, reservation } = stored;
  return {
    generation,
    aptpl,
    registrations: new Map(registrations),
    reservation: reservation ? { type: reservation.type, holder: reservation.holder ?? undefined } : undefined,
  };
}

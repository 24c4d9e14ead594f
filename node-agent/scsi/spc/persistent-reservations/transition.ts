// What a PERSISTENT RESERVE OUT does: the next state, whom it concerns, and the rules that all service actions share.
import type { AttentionCode } from '../unit-attentions.js';
import {
  concernsRegistrants,
  isAllRegistrants,
  type NexusPorts,
  type PersistentReservations,
  type Registration,
  type ReservationType,
} from './state.js';

/** The service action can't be done in the state that the reservations are in: status RESERVATION CONFLICT. */
export class ReservationConflict extends Error {
  constructor() {
    super('RESERVATION CONFLICT');
  }
}

export interface Transition {
  readonly state: PersistentReservations;
  /** By nexusName: what the nexus is told. */
  readonly attentions: ReadonlyMap<string, AttentionCode>;
  /** nexusNames whose registration was preempted. */
  readonly preempted: readonly string[];
}

/** Who asks, with what. */
export interface Request {
  /** nexusName of the I_T nexus that the command came by. */
  readonly name: string;
  readonly ports: NexusPorts;
  readonly key: bigint;
  /** SERVICE ACTION RESERVATION KEY. */
  readonly actionKey: bigint;
}

export const RESERVATIONS_PREEMPTED: AttentionCode = { asc: 0x2a, ascq: 0x03 };
export const RESERVATIONS_RELEASED: AttentionCode = { asc: 0x2a, ascq: 0x04 };
export const REGISTRATIONS_PREEMPTED: AttentionCode = { asc: 0x2a, ascq: 0x05 };

export function to(
  state: PersistentReservations,
  attentions: ReadonlyMap<string, AttentionCode> = new Map(),
  preempted: readonly string[] = [],
): Transition {
  return { state, attentions, preempted };
}

/** @throws ReservationConflict where the nexus isn't registered with that key */
export function registrationOf(state: PersistentReservations, { name, key }: Request): Registration {
  const registration = state.registrations.get(name);
  if (!registration || registration.key !== key) throw new ReservationConflict();
  return registration;
}

/** The same condition for every registrant but one. */
export function toOthers(
  registrations: ReadonlyMap<string, Registration>,
  name: string,
  code: AttentionCode,
): Map<string, AttentionCode> {
  return new Map([...registrations.keys()].filter((other) => other !== name).map((other) => [other, code]));
}

/**
 * SPC-4 5.9.11.2.3: a reservation ends with its holder's registration, an all-registrants one with the last. Where
 * other registrants had access through it, they are told.
 */
export function withoutRegistration(state: PersistentReservations, name: string): Transition {
  const registrations = new Map(state.registrations);
  registrations.delete(name);
  const { reservation } = state;
  const ends =
    reservation && (isAllRegistrants(reservation.type) ? registrations.size === 0 : reservation.holder === name);
  if (!ends) return to({ ...state, registrations });
  return to({ ...state, registrations, reservation: undefined }, releasedAttentions(registrations, name, reservation));
}

export function releasedAttentions(
  registrations: ReadonlyMap<string, Registration>,
  name: string,
  { type }: { type: ReservationType },
): Map<string, AttentionCode> {
  return concernsRegistrants(type)
    ? toOthers(registrations, name, RESERVATIONS_RELEASED)
    : new Map<string, AttentionCode>();
}

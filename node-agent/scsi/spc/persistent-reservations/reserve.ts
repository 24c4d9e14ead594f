// RESERVE, RELEASE and CLEAR of PERSISTENT RESERVE OUT (SPC-4 5.9.9, 5.9.11.2, 5.9.11.6).
import { CheckCondition, SENSE } from '../sense.js';
import {
  holdsReservation,
  isAllRegistrants,
  nextGeneration,
  type PersistentReservations,
  type ReservationType,
} from './state.js';
import {
  registrationOf,
  releasedAttentions,
  ReservationConflict,
  RESERVATIONS_PREEMPTED,
  to,
  toOthers,
  type Request,
  type Transition,
} from './transition.js';

export function reserve(state: PersistentReservations, request: Request, type: ReservationType): Transition {
  registrationOf(state, request);
  if (!state.reservation)
    return to({ ...state, reservation: { type, holder: isAllRegistrants(type) ? undefined : request.name } });
  // A holder that reserves what it has is told GOOD, and nothing changes.
  if (!holdsReservation(state, request.name) || state.reservation.type !== type) throw new ReservationConflict();
  return to(state);
}

/** By who holds nothing: GOOD without effect. */
export function release(state: PersistentReservations, request: Request, type: ReservationType): Transition {
  registrationOf(state, request);
  const { reservation, registrations } = state;
  if (!reservation || !holdsReservation(state, request.name)) return to(state);
  if (reservation.type !== type) throw new CheckCondition(SENSE.invalidReleaseOfReservation);
  return to({ ...state, reservation: undefined }, releasedAttentions(registrations, request.name, reservation));
}

export function clear(state: PersistentReservations, request: Request): Transition {
  registrationOf(state, request);
  const next = {
    ...state,
    registrations: new Map(),
    reservation: undefined,
    generation: nextGeneration(state),
  };
  return to(next, toOthers(state.registrations, request.name, RESERVATIONS_PREEMPTED));
}

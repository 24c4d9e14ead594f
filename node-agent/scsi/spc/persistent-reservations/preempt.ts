// PREEMPT and PREEMPT AND ABORT (SPC-4 5.9.11.4, 5.9.11.5): takes registrations away, and the reservation with its holder's.
import { invalidFieldInParameterList } from '../sense.js';
import type { AttentionCode } from '../unit-attentions.js';
import {
  concernsRegistrants,
  isAllRegistrants,
  nextGeneration,
  type PersistentReservations,
  type Registration,
  type ReservationType,
} from './state.js';
import {
  registrationOf,
  REGISTRATIONS_PREEMPTED,
  ReservationConflict,
  RESERVATIONS_RELEASED,
  to,
  type Request,
  type Transition,
} from './transition.js';

/** Offset of the SERVICE ACTION RESERVATION KEY in the parameter list. */
const ACTION_KEY = 8;

/** The nexus that the command came by stays registered, also with the key that is preempted. */
export function preempt(state: PersistentReservations, request: Request, type: ReservationType): Transition {
  registrationOf(state, request);
  const { reservation } = state;
  const everyone = reservation !== undefined && isAllRegistrants(reservation.type) && request.actionKey === 0n;
  if (request.actionKey === 0n && !everyone) throw invalidFieldInParameterList(ACTION_KEY);
  const meant = [...state.registrations].filter(([, { key }]) => everyone || key === request.actionKey);
  if (meant.length === 0) throw new ReservationConflict();
  const preempted = meant.map(([name]) => name).filter((name) => name !== request.name);
  const registrations = new Map(state.registrations);
  for (const name of preempted) registrations.delete(name);
  const replaced = reservation && (everyone || registrationsHold(meant, reservation)) ? reservation : undefined;
  const next = {
    ...state,
    registrations,
    generation: nextGeneration(state),
    reservation: replaced ? { type, holder: isAllRegistrants(type) ? undefined : request.name } : reservation,
  };
  const lost = replaced && replaced.type !== type ? replaced : undefined;
  return to(next, attentionsOf(registrations, preempted, request.name, lost), preempted);
}

function registrationsHold(
  meant: readonly [string, Registration][],
  { holder }: { holder: string | undefined },
): boolean {
  return meant.some(([name]) => name === holder);
}

/** `lost`: a reservation whose type gave access to registrants that the new one may take away. */
function attentionsOf(
  remaining: ReadonlyMap<string, Registration>,
  preempted: readonly string[],
  name: string,
  lost: { type: ReservationType } | undefined,
): Map<string, AttentionCode> {
  const attentions = new Map(preempted.map((other): [string, AttentionCode] => [other, REGISTRATIONS_PREEMPTED]));
  if (lost && concernsRegistrants(lost.type)) {
    for (const other of remaining.keys()) if (other !== name) attentions.set(other, RESERVATIONS_RELEASED);
  }
  return attentions;
}

// REGISTER, REGISTER AND IGNORE EXISTING KEY, REGISTER AND MOVE (SPC-4 5.9.7, 5.9.8).
import { invalidFieldInParameterList } from '../sense.js';
import {
  isAllRegistrants,
  nexusName,
  nextGeneration,
  type NexusPorts,
  type PersistentReservations,
  type Registration,
} from './state.js';
import {
  registrationOf,
  ReservationConflict,
  to,
  withoutRegistration,
  type Request,
  type Transition,
} from './transition.js';

export interface RegisterRequest extends Request {
  readonly aptpl: boolean;
  /** The I_T nexuses that are registered by SPEC_I_PT and ALL_TG_PT together with the one that the command came by. */
  readonly beside: readonly NexusPorts[];
}

/** Offset of the SERVICE ACTION RESERVATION KEY in the parameter list. */
const ACTION_KEY = 8;

/** `ignoreKey`: REGISTER AND IGNORE EXISTING KEY. */
export function register(state: PersistentReservations, request: RegisterRequest, ignoreKey: boolean): Transition {
  const { name, ports, actionKey, beside } = request;
  const registered = state.registrations.get(name);
  if (!ignoreKey && request.key !== (registered?.key ?? 0n)) throw new ReservationConflict();
  if (actionKey === 0n) return unregister(state, request, registered);
  const registrations = new Map(state.registrations);
  for (const other of [ports, ...beside]) registrations.set(nexusName(other), { ...other, key: actionKey });
  return to({ ...state, registrations, aptpl: request.aptpl, generation: nextGeneration(state) });
}

function unregister(
  state: PersistentReservations,
  { name, aptpl }: RegisterRequest,
  registered: Registration | undefined,
): Transition {
  // SPC-4 table 49: nothing to remove is no error.
  if (!registered) return to({ ...state, aptpl });
  const { state: next, attentions } = withoutRegistration(state, name);
  return to({ ...next, aptpl, generation: nextGeneration(state) }, attentions);
}

export interface MoveRequest extends Request {
  readonly aptpl: boolean;
  readonly unregister: boolean;
  readonly destination: NexusPorts;
}

/** Offset of the TransportID in the parameter list of REGISTER AND MOVE. */
const DESTINATION = 24;

/** The reservation goes to another I_T nexus, which is registered with the SERVICE ACTION RESERVATION KEY. */
export function registerAndMove(state: PersistentReservations, request: MoveRequest): Transition {
  const { name, actionKey, destination } = request;
  registrationOf(state, request);
  const { reservation } = state;
  if (reservation?.holder !== name || isAllRegistrants(reservation.type)) throw new ReservationConflict();
  if (actionKey === 0n) throw invalidFieldInParameterList(ACTION_KEY);
  const holder = nexusName(destination);
  if (holder === name) throw invalidFieldInParameterList(DESTINATION);
  const registrations = new Map(state.registrations);
  registrations.set(holder, { ...destination, key: actionKey });
  if (request.unregister) registrations.delete(name);
  return to({
    registrations,
    reservation: { ...reservation, holder },
    aptpl: request.aptpl,
    generation: nextGeneration(state),
  });
}

// PERSISTENT RESERVE OUT (SPC-4 6.16): decodes CDB and parameter list, and applies what the service action makes of the state.
import { byteAt, uint16, uint32, uint64 } from '../bytes.js';
import type { Command } from '../command.js';
import type { LogicalUnit } from '../logical-unit.js';
import { CheckCondition, invalidFieldInCdb, invalidFieldInParameterList, SENSE } from '../sense.js';
import { raise } from '../unit-attentions.js';
import { preempt } from './preempt.js';
import { register, registerAndMove } from './register.js';
import { clear, release, reserve } from './reserve.js';
import { isReservationType, nexusName, type NexusPorts, type ReservationType } from './state.js';
import { leadingTransportId } from './transport-id.js';
import { ReservationConflict, type Request, type Transition } from './transition.js';

const BASIC_LENGTH = 24;
const SPEC_I_PT = 0x08;
const ALL_TG_PT = 0x04;
const APTPL = 0x01;
/** Offset of the flags in the basic parameter list. */
const FLAGS = 20;

export const registerKey = (command: Command): void =>
  apply(command, (request, list) => registration(command, request, list, false));

export const registerIgnoringKey = (command: Command): void =>
  apply(command, (request, list) => registration(command, request, list, true));

export const reserveUnit = (command: Command): void => withType(command, reserve);

export const releaseUnit = (command: Command): void => withType(command, release);

export const clearReservations = (command: Command): void =>
  apply(command, (request, list) => {
    basicFlags(list);
    return clear(command.unit.persistentReservations, request);
  });

export const preemptReservation = (command: Command): void => withType(command, preempt);

/** The tasks of the preempted nexuses that haven't started never will: the caller ends them (`taskSetsToAbort`). */
export function preemptAndAbort(command: Command): void {
  const { unit } = command;
  withType(command, (state, request, type) => {
    const transition = preempt(state, request, type);
    unit.taskSetsToAbort.push(...nexusIdsOf(unit, transition.preempted));
    return transition;
  });
}

/** SPC-4 table 177: destination port, then its TransportID in place of the obsolete bytes. */
export const registerAndMoveReservation = (command: Command): void =>
  apply(command, (request, list) => {
    const length = uint32(list, 20);
    if (BASIC_LENGTH + length !== list.length) throw new CheckCondition(SENSE.parameterListLengthError);
    const transportId = leadingTransportId(list.subarray(BASIC_LENGTH));
    if (transportId?.length !== length) throw invalidFieldInParameterList(BASIC_LENGTH);
    const flags = byteAt(list, 17);
    return registerAndMove(command.unit.persistentReservations, {
      ...request,
      aptpl: (flags & APTPL) !== 0,
      unregister: (flags & 0x02) !== 0,
      destination: { transportId: Uint8Array.from(transportId), relTgtId: uint16(list, 18) },
    });
  });

function registration(command: Command, request: Request, list: Uint8Array, ignoreKey: boolean): Transition {
  const { unit } = command;
  const flags = byteAt(list, FLAGS);
  const specified = flags & SPEC_I_PT ? specifiedTransportIds(list, ignoreKey) : [];
  if ((flags & SPEC_I_PT) === 0 && list.length !== BASIC_LENGTH)
    throw new CheckCondition(SENSE.parameterListLengthError);
  const transportIds = [request.ports.transportId, ...specified];
  const ports = flags & ALL_TG_PT ? targetPortsOf(unit) : [request.ports.relTgtId];
  const { registrations } = unit.persistentReservations;
  // SPC-4 5.9.7.2: others are registered by a new registrant only, and none that is one already.
  if (specified.length > 0 && registrations.has(request.name)) throw invalidFieldInParameterList(FLAGS, 3);
  const ofOthers = specified.flatMap((transportId) => ports.map((relTgtId) => nexusName({ transportId, relTgtId })));
  if (ofOthers.some((name) => registrations.has(name))) throw new ReservationConflict();
  const beside = transportIds.flatMap((transportId) =>
    ports.map((relTgtId): NexusPorts => ({ transportId, relTgtId })),
  );
  return register(unit.persistentReservations, { ...request, aptpl: (flags & APTPL) !== 0, beside }, ignoreKey);
}

/** SPC-4 6.16.3: SPEC_I_PT belongs to REGISTER alone. */
function specifiedTransportIds(list: Uint8Array, ignoreKey: boolean): Uint8Array[] {
  if (ignoreKey) throw invalidFieldInParameterList(FLAGS, 3);
  const start = BASIC_LENGTH + 4;
  if (list.length < start || start + uint32(list, BASIC_LENGTH) !== list.length)
    throw new CheckCondition(SENSE.parameterListLengthError);
  const found: Uint8Array[] = [];
  for (let offset = start; offset < list.length;) {
    const transportId = leadingTransportId(list.subarray(offset));
    if (!transportId) throw invalidFieldInParameterList(offset);
    found.push(Uint8Array.from(transportId));
    offset += transportId.length;
  }
  return found;
}

function targetPortsOf({ nexuses }: LogicalUnit): number[] {
  return [...new Set([...nexuses.values()].flatMap(({ identity }) => (identity ? [identity.relTgtId] : [])))];
}

/** For the service actions that name a type: SCOPE must be 0, the logical unit. */
function withType(
  command: Command,
  action: (state: LogicalUnit['persistentReservations'], request: Request, type: ReservationType) => Transition,
): void {
  const scopeAndType = byteAt(command.cdb, 2);
  const type = scopeAndType & 0x0f;
  if (scopeAndType >> 4 !== 0) throw invalidFieldInCdb(2, 7);
  if (!isReservationType(type)) throw invalidFieldInCdb(2, 3);
  apply(command, (request, list) => {
    basicFlags(list);
    return action(command.unit.persistentReservations, request, type);
  });
}

/** SPC-4 6.16.3: SPEC_I_PT is an error where nothing is registered; APTPL and ALL_TG_PT are ignored there. */
function basicFlags(list: Uint8Array): void {
  if (list.length !== BASIC_LENGTH) throw new CheckCondition(SENSE.parameterListLengthError);
  if (byteAt(list, FLAGS) & SPEC_I_PT) throw invalidFieldInParameterList(FLAGS, 3);
}

function apply(command: Command, action: (request: Request, list: Uint8Array) => Transition): void {
  const { unit, nexus, cdb, dataOut } = command;
  // SPC-2 5.5.1: not beside a reservation made by RESERVE, whoever made it.
  if (unit.reservation !== undefined) throw new ReservationConflict();
  const length = uint32(cdb, 5);
  if (length < BASIC_LENGTH || dataOut.length < length) throw new CheckCondition(SENSE.parameterListLengthError);
  const list = dataOut.subarray(0, length);
  const identity = nexus.identity;
  if (!identity) throw new Error(`the nexus ${nexus.id} has no identity`);
  const ports = { transportId: identity.transportId, relTgtId: identity.relTgtId };
  const request = { name: nexusName(ports), ports, key: uint64(list, 0), actionKey: uint64(list, 8) };
  const { state, attentions } = action(request, list);
  if (state !== unit.persistentReservations) unit.stateVersion++;
  unit.persistentReservations = state;
  for (const other of unit.nexuses.values()) {
    const code = other.identity && attentions.get(nexusName(other.identity));
    if (code) raise(unit, other, code);
  }
}

function nexusIdsOf({ nexuses }: LogicalUnit, names: readonly string[]): string[] {
  return [...nexuses.values()]
    .filter(({ identity }) => identity !== undefined && names.includes(nexusName(identity)))
    .map(({ id }) => id);
}

// What holds for every command before it runs: reservations, operations on the whole medium, the medium, write protection.
import type { Medium } from '../types.js';
import type { CommandDefinition } from './command.js';
import { mediumAbsence, type LogicalUnit } from './logical-unit.js';
import type { Nexus } from './nexus.js';
import { operationSense, type UnitOperation } from './operation.js';
import { nexusAccess } from './persistent-reservations/state.js';
import { ReservationConflict } from './persistent-reservations/transition.js';
import { CheckCondition, invalidFieldInCdb, SENSE } from './sense.js';
import { writeProtection } from './write-protection.js';

/** SAM-5 5.2: NACA in the control byte, which needs NORMACA. */
const NACA = 0x04;

/** An SPC-2 reservation of another nexus. */
export function reservedByOther(unit: LogicalUnit, nexus: Nexus): boolean {
  return unit.reservation !== undefined && unit.reservation !== nexus.id;
}

/** @throws ReservationConflict */
export function checkReservations(
  unit: LogicalUnit,
  nexus: Nexus,
  definition: CommandDefinition,
  cdb: Uint8Array,
): void {
  if (reservedByOther(unit, nexus) && !passesReservation(definition, cdb)) throw new ReservationConflict();
  const access = nexus.identity ? nexusAccess(unit.persistentReservations, nexus.identity) : 'none';
  if (access === 'all') return;
  const { persistentReservation } = definition;
  const rule = typeof persistentReservation === 'function' ? persistentReservation(cdb) : persistentReservation;
  if (rule !== 'ignored' && !(rule === 'mediumRead' && access === 'read')) throw new ReservationConflict();
}

/** @throws CheckCondition */
export function checkPreconditions(
  unit: LogicalUnit,
  nexus: Nexus,
  definition: CommandDefinition,
  cdb: Uint8Array,
): void {
  const length = definition.usage.length;
  if (cdb.length < length) throw invalidFieldInCdb(cdb.length);
  if ((cdb[length - 1] ?? 0) & NACA) throw invalidFieldInCdb(length - 1, 2);
  if (unit.operation && !passesOperation(definition, unit.operation)) {
    throw new CheckCondition(operationSense(unit.operation, unit.medium?.blocks ?? 0n));
  }
  if (definition.needsMedium && !unit.medium) throw new CheckCondition(mediumAbsence(unit));
  if (unit.writesLost && (definition.writesMedium || definition.flushesMedium)) {
    throw new CheckCondition(SENSE.writeError);
  }
  const protection = definition.writesMedium ? writeProtection(unit, nexus) : undefined;
  if (protection) throw new CheckCondition(protection);
}

const MEDIUM_ACCESS = { read: 0x88, write: 0x8a } as const;

/**
 * The medium, if READ(16) or WRITE(16) of that nexus would get at it now. Unit attentions stay pending.
 * @throws ReservationConflict, CheckCondition
 */
export function mediumFor(unit: LogicalUnit, nexusId: string, access: keyof typeof MEDIUM_ACCESS): Medium {
  const opcode = MEDIUM_ACCESS[access];
  const definition = unit.personality.commands.find((command) => command.opcode === opcode);
  const nexus = unit.nexuses.get(nexusId);
  if (!definition || !nexus) throw new CheckCondition(SENSE.copyTargetNotReachable);
  const cdb = Uint8Array.from({ length: definition.usage.length }, (_, at) => (at === 0 ? opcode : 0));
  checkReservations(unit, nexus, definition, cdb);
  checkPreconditions(unit, nexus, definition, cdb);
  if (!unit.medium) throw new CheckCondition(mediumAbsence(unit));
  return unit.medium;
}

function passesReservation({ passesReservation: passes }: CommandDefinition, cdb: Uint8Array): boolean {
  return typeof passes === 'function' ? passes(cdb) : passes === true;
}

function passesOperation({ passesOperation: passes }: CommandDefinition, { failed }: UnitOperation): boolean {
  return passes === 'failed' ? failed : passes === true;
}

// From a CDB to a status: finds the row, checks what holds for every command, runs its function, makes the answer.
import { MediumError, STATUS, type CommandResult, type WriteJournal } from '../types.js';
import type { Access, CommandDefinition } from './command.js';
import type { CopyPeers } from './copy/peers.js';
import type { LogicalUnit } from './logical-unit.js';
import { descriptorFormatSense } from './mode-pages.js';
import { noteMediumFailure } from './medium-failures.js';
import type { Nexus } from './nexus.js';
import { nexusAccess } from './persistent-reservations/state.js';
import { ReservationConflict } from './persistent-reservations/transition.js';
import { availableOf, type Personality } from './personality.js';
import { checkPreconditions, checkReservations, reservedByOther } from './preconditions.js';
import {
  CheckCondition,
  encodeSense,
  invalidFieldInCdb,
  mediumErrorSense,
  SENSE,
  SENSE_KEY,
  type SenseData,
} from './sense.js';
import { takeAttention } from './unit-attentions.js';
import { writeProtection } from './write-protection.js';

/** The caller named a nexus that was never added: a defect of the caller, not of the command. */
export class UnknownNexusError extends Error {
  readonly code = 'UnknownNexus';
  constructor(readonly nexusId: string) {
    super(`the logical unit has no I_T nexus ${nexusId}`);
  }
}

/** What of the fast path's conditions holds for a nexus right now. */
export interface NexusFlags {
  unitAttention: boolean;
  readOnly: boolean;
  /** A reservation of another nexus forbids writes, or writes were lost. */
  writeBlocked: boolean;
  /** A reservation of another nexus forbids every medium access. */
  accessBlocked: boolean;
  notReady: boolean;
}

const SERVICE_ACTION = 0x1f;

/** What commands need of their caller. */
export interface Surroundings {
  /** Default: of a caller that outlives every write. */
  journal: WriteJournal;
  /** Default: the unit alone. */
  peers: CopyPeers;
}

/**
 * Runs one command. Commands of 'exclusive' access need the caller to run nothing else of the unit meanwhile.
 * @param dataInLength bytes that the transport can take
 * @throws UnknownNexusError, and whatever else a command's function throws besides CheckCondition and MediumError
 */
export async function execute(
  unit: LogicalUnit,
  nexusId: string,
  cdb: Uint8Array,
  dataOut: Uint8Array,
  dataInLength: number,
  surroundings: Partial<Surroundings> = {},
): Promise<CommandResult> {
  const nexus = unit.nexuses.get(nexusId);
  if (!nexus?.identity) throw new UnknownNexusError(nexusId);
  try {
    const definition = findCommand(unit, cdb);
    if (!definition?.passesAttention) throwPendingAttention(unit, nexus);
    if (!definition) throw unknownCommand(unit, cdb);
    checkReservations(unit, nexus, definition, cdb);
    checkPreconditions(unit, nexus, definition, cdb);
    const outcome = await definition.execute({
      ...alone(unit, nexusId),
      ...surroundings,
      ...{ unit, nexus, cdb: cdb.subarray(0, definition.usage.length), dataOut, dataInLength },
    });
    return { status: STATUS.good, data: outcome?.subarray(0, dataInLength) };
  } catch (error) {
    if (error instanceof ReservationConflict) return { status: STATUS.reservationConflict };
    noteMediumFailure(unit, error);
    const sense = senseOf(error);
    if (!sense) throw error;
    return checkCondition(unit, sense);
  }
}

function alone(unit: LogicalUnit, nexusId: string): Surroundings {
  return {
    journal: { begin: () => Promise.resolve() },
    peers: () => [{ unit, nexusId, run: (work) => work(unit) }],
  };
}

/** CHECK CONDITION with sense in the format that the unit is set to. */
export function checkCondition(unit: LogicalUnit, sense: SenseData): CommandResult {
  return { status: STATUS.checkCondition, sense: encodeSense(sense, descriptorFormatSense(unit)) };
}

/** Whether the command may run beside others of the same unit. An unknown one changes nothing: shared. */
export function accessOf(unit: LogicalUnit, cdb: Uint8Array): Access {
  return findCommand(unit, cdb)?.access ?? 'shared';
}

/** Whether a second execution of the same command must answer what the first did. */
export function runsOnce(unit: LogicalUnit, cdb: Uint8Array): boolean {
  return findCommand(unit, cdb)?.runsOnce === true;
}

/** @throws UnknownNexusError */
export function flagsOf(unit: LogicalUnit, nexusId: string): NexusFlags {
  const nexus = unit.nexuses.get(nexusId);
  if (!nexus?.identity) throw new UnknownNexusError(nexusId);
  const blocked = reservedByOther(unit, nexus);
  const access = nexusAccess(unit.persistentReservations, nexus.identity);
  return {
    unitAttention: nexus.attentions.length > 0,
    readOnly: writeProtection(unit, nexus) !== undefined,
    writeBlocked: blocked || access !== 'all' || unit.writesLost,
    accessBlocked: blocked || access === 'none',
    notReady: unit.medium === undefined || unit.operation !== undefined,
  };
}

/** 256 bytes: 1 for each opcode with a Data-Out phase. */
export function dataOutOpcodes(personality: Personality): Uint8Array {
  const opcodes = new Uint8Array(256);
  for (const { opcode, dataOut } of personality.commands) if (dataOut) opcodes[opcode] = 1;
  return opcodes;
}

function findCommand(unit: LogicalUnit, cdb: Uint8Array): CommandDefinition | undefined {
  return unit.personality.commands.find(
    ({ opcode, serviceAction, available }) =>
      opcode === cdb[0] &&
      (serviceAction === undefined || serviceAction === ((cdb[1] ?? 0) & SERVICE_ACTION)) &&
      available?.(unit) !== false,
  );
}

/** SPC-4 4.3.4: a known opcode with an unknown service action has an invalid field, not an invalid opcode. */
function unknownCommand(unit: LogicalUnit, cdb: Uint8Array): CheckCondition {
  const opcodeIsKnown = availableOf(unit.personality.commands, unit).some(({ opcode }) => opcode === cdb[0]);
  return opcodeIsKnown ? invalidFieldInCdb(1, 4) : new CheckCondition(SENSE.invalidOpcode);
}

function throwPendingAttention(unit: LogicalUnit, nexus: Nexus): void {
  const code = takeAttention(unit, nexus);
  if (code) throw new CheckCondition({ key: SENSE_KEY.unitAttention, ...code });
}

function senseOf(error: unknown): SenseData | undefined {
  if (error instanceof CheckCondition) return error.sense;
  return error instanceof MediumError ? mediumErrorSense(error) : undefined;
}

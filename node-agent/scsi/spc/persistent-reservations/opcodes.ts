// The rows of PERSISTENT RESERVE IN and OUT: one per service action.
import type { CommandDefinition } from '../command.js';
import { readFullStatus, readKeys, readReservation, reportCapabilities } from './reserve-in.js';
import {
  clearReservations,
  preemptAndAbort,
  preemptReservation,
  registerAndMoveReservation,
  registerIgnoringKey,
  registerKey,
  releaseUnit,
  reserveUnit,
} from './reserve-out.js';

type Execute = CommandDefinition['execute'];

const SCOPE_AND_TYPE = 0xff;

const reserveIn: [string, Execute][] = [
  ['READ KEYS', readKeys],
  ['READ RESERVATION', readReservation],
  ['REPORT CAPABILITIES', reportCapabilities],
  ['READ FULL STATUS', readFullStatus],
];

/** With the evaluated bits of CDB byte 2. */
const reserveOut: [string, number, Execute][] = [
  ['REGISTER', 0, registerKey],
  ['RESERVE', SCOPE_AND_TYPE, reserveUnit],
  ['RELEASE', SCOPE_AND_TYPE, releaseUnit],
  ['CLEAR', 0, clearReservations],
  ['PREEMPT', SCOPE_AND_TYPE, preemptReservation],
  ['PREEMPT AND ABORT', SCOPE_AND_TYPE, preemptAndAbort],
  ['REGISTER AND IGNORE EXISTING KEY', 0, registerIgnoringKey],
  ['REGISTER AND MOVE', 0, registerAndMoveReservation],
];

export const persistentReservationCommands: readonly CommandDefinition[] = [
  ...reserveIn.map(([name, execute], serviceAction): CommandDefinition => ({
    opcode: 0x5e,
    serviceAction,
    name: `PERSISTENT RESERVE IN, ${name}`,
    usage: [0x5e, 0x1f, 0, 0, 0, 0, 0, 0xff, 0xff, 0],
    access: 'shared',
    persistentReservation: 'ignored',
    execute,
  })),
  ...reserveOut.map(([name, scopeAndType, execute], serviceAction): CommandDefinition => ({
    opcode: 0x5f,
    serviceAction,
    name: `PERSISTENT RESERVE OUT, ${name}`,
    usage: [0x5f, 0x1f, scopeAndType, 0, 0, 0xff, 0xff, 0xff, 0xff, 0],
    access: 'exclusive',
    dataOut: true,
    runsOnce: true,
    // Each service action has a rule of its own (SPC-4 table 67).
    persistentReservation: 'ignored',
    execute,
  })),
];

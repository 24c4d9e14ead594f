// The copy commands of personalities whose media can be copied.
import type { CommandDefinition } from '../command.js';
import { EXTENDED_COPY } from './limits.js';
import { extendedCopy } from './extended-copy.js';
import { receiveCopyStatus, receiveOperatingParameters } from './receive-copy-results.js';

const ANY32 = [0xff, 0xff, 0xff, 0xff];

/** Reservations of the copied units count when their media are reached, beside that of the unit that got the command. */
export const copyCommands: readonly CommandDefinition[] = [
  {
    opcode: EXTENDED_COPY,
    serviceAction: 0x00,
    name: 'EXTENDED COPY(LID1)',
    usage: [EXTENDED_COPY, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0, ...ANY32, 0, 0],
    access: 'detached',
    dataOut: true,
    execute: extendedCopy,
  },
  {
    opcode: 0x84,
    serviceAction: 0x00,
    name: 'RECEIVE COPY STATUS(LID1)',
    usage: [0x84, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, ...ANY32, 0, 0],
    access: 'shared',
    passesOperation: true,
    execute: receiveCopyStatus,
  },
  {
    opcode: 0x84,
    serviceAction: 0x03,
    name: 'RECEIVE COPY OPERATING PARAMETERS',
    usage: [0x84, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0, ...ANY32, 0, 0],
    access: 'shared',
    passesOperation: true,
    execute: receiveOperatingParameters,
  },
];

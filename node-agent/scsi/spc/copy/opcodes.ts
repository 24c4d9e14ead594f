// The copy commands of personalities whose media can be copied.
import type { CommandDefinition } from '../command.js';
import { extendedCopy, extendedCopyLong } from './extended-copy.js';
import {
  COPY_STATUS_LID1,
  COPY_STATUS_LID4,
  EXTENDED_COPY,
  LID1,
  LID4,
  OPERATING_PARAMETERS,
  RECEIVE_COPY_RESULTS,
} from './limits.js';
import { receiveCopyStatus, receiveCopyStatusLong, receiveOperatingParameters } from './receive-copy-results.js';

const ANY32 = [0xff, 0xff, 0xff, 0xff];

/** Reservations of the copied units count when their media are reached, beside that of the unit that got the command. */
export const copyCommands: readonly CommandDefinition[] = [
  {
    opcode: EXTENDED_COPY,
    serviceAction: LID1,
    name: 'EXTENDED COPY(LID1)',
    usage: [EXTENDED_COPY, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0, ...ANY32, 0, 0],
    access: 'detached',
    dataOut: true,
    execute: extendedCopy,
  },
  {
    opcode: EXTENDED_COPY,
    serviceAction: LID4,
    name: 'EXTENDED COPY(LID4)',
    usage: [EXTENDED_COPY, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0, ...ANY32, 0, 0],
    access: 'detached',
    dataOut: true,
    execute: extendedCopyLong,
  },
  {
    opcode: RECEIVE_COPY_RESULTS,
    serviceAction: COPY_STATUS_LID1,
    name: 'RECEIVE COPY STATUS(LID1)',
    usage: [RECEIVE_COPY_RESULTS, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, ...ANY32, 0, 0],
    access: 'shared',
    passesOperation: true,
    execute: receiveCopyStatus,
  },
  {
    opcode: RECEIVE_COPY_RESULTS,
    serviceAction: OPERATING_PARAMETERS,
    name: 'RECEIVE COPY OPERATING PARAMETERS',
    usage: [RECEIVE_COPY_RESULTS, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0, ...ANY32, 0, 0],
    access: 'shared',
    passesOperation: true,
    execute: receiveOperatingParameters,
  },
  {
    opcode: RECEIVE_COPY_RESULTS,
    serviceAction: COPY_STATUS_LID4,
    name: 'RECEIVE COPY STATUS(LID4)',
    usage: [RECEIVE_COPY_RESULTS, 0x1f, ...ANY32, 0, 0, 0, 0, ...ANY32, 0, 0],
    access: 'shared',
    passesOperation: true,
    execute: receiveCopyStatusLong,
  },
];

// The commands that every personality has.
import { requestSense, testUnitReady } from './basic.js';
import type { CommandDefinition } from './command.js';

export const primaryCommands: readonly CommandDefinition[] = [
  {
    opcode: 0x00,
    name: 'TEST UNIT READY',
    usage: [0x00, 0, 0, 0, 0, 0],
    access: 'shared',
    needsMedium: true,
    execute: testUnitReady,
  },
  {
    opcode: 0x03,
    name: 'REQUEST SENSE',
    usage: [0x03, 0x01, 0, 0, 0xff, 0],
    access: 'shared',
    passesReservation: true,
    passesAttention: true,
    execute: requestSense,
  },
];

// The commands that every personality has (SPC-4 and, for RESERVE and RELEASE, SPC-2).
import { requestSense, testUnitReady } from './basic.js';
import type { CommandDefinition } from './command.js';
import { sendDiagnostic } from './diagnostics.js';
import { inquiry } from './inquiry.js';
import { modeSelect10, modeSelect6 } from './mode-select.js';
import { modeSense10, modeSense6 } from './mode-sense.js';
import { allowsRemoval, preventAllowMediumRemoval } from './removal.js';
import { reportLuns } from './report-luns.js';
import { release, reserve } from './reservations.js';
import { reportSupportedOperationCodes, reportSupportedTaskManagementFunctions } from './supported-commands.js';

export const primaryCommands: readonly CommandDefinition[] = [
  {
    opcode: 0x00,
    name: 'TEST UNIT READY',
    usage: [0x00, 0, 0, 0, 0, 0],
    access: 'shared',
    needsMedium: true,
    persistentReservation: 'ignored',
    execute: testUnitReady,
  },
  {
    opcode: 0x03,
    name: 'REQUEST SENSE',
    usage: [0x03, 0x01, 0, 0, 0xff, 0],
    access: 'shared',
    passesReservation: true,
    passesAttention: true,
    persistentReservation: 'ignored',
    execute: requestSense,
  },
  {
    opcode: 0x12,
    name: 'INQUIRY',
    usage: [0x12, 0x03, 0xff, 0xff, 0xff, 0],
    access: 'shared',
    passesReservation: true,
    passesAttention: true,
    persistentReservation: 'ignored',
    execute: inquiry,
  },
  {
    opcode: 0x15,
    name: 'MODE SELECT(6)',
    usage: [0x15, 0x11, 0, 0, 0xff, 0],
    dataOut: true,
    access: 'exclusive',
    execute: modeSelect6,
  },
  {
    opcode: 0x16,
    name: 'RESERVE(6)',
    usage: [0x16, 0x13, 0, 0, 0, 0],
    access: 'exclusive',
    persistentReservation: 'ignored',
    execute: reserve,
  },
  {
    opcode: 0x17,
    name: 'RELEASE(6)',
    usage: [0x17, 0x13, 0, 0, 0, 0],
    access: 'exclusive',
    passesReservation: true,
    persistentReservation: 'ignored',
    execute: release,
  },
  {
    opcode: 0x1a,
    name: 'MODE SENSE(6)',
    usage: [0x1a, 0x08, 0xff, 0xff, 0xff, 0],
    access: 'shared',
    persistentReservation: 'mediumRead',
    execute: modeSense6,
  },
  {
    opcode: 0x1d,
    name: 'SEND DIAGNOSTIC',
    usage: [0x1d, 0xe4, 0, 0xff, 0xff, 0],
    dataOut: true,
    access: 'shared',
    execute: sendDiagnostic,
  },
  {
    opcode: 0x1e,
    name: 'PREVENT ALLOW MEDIUM REMOVAL',
    usage: [0x1e, 0, 0, 0, 0x03, 0],
    access: 'exclusive',
    passesReservation: allowsRemoval,
    persistentReservation: (cdb) => (allowsRemoval(cdb) ? 'ignored' : undefined),
    execute: preventAllowMediumRemoval,
  },
  {
    opcode: 0x55,
    name: 'MODE SELECT(10)',
    usage: [0x55, 0x11, 0, 0, 0, 0, 0, 0xff, 0xff, 0],
    dataOut: true,
    access: 'exclusive',
    execute: modeSelect10,
  },
  {
    opcode: 0x56,
    name: 'RESERVE(10)',
    usage: [0x56, 0x13, 0, 0, 0, 0, 0, 0, 0, 0],
    access: 'exclusive',
    persistentReservation: 'ignored',
    execute: reserve,
  },
  {
    opcode: 0x57,
    name: 'RELEASE(10)',
    usage: [0x57, 0x13, 0, 0, 0, 0, 0, 0, 0, 0],
    access: 'exclusive',
    passesReservation: true,
    persistentReservation: 'ignored',
    execute: release,
  },
  {
    opcode: 0x5a,
    name: 'MODE SENSE(10)',
    usage: [0x5a, 0x18, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, 0],
    access: 'shared',
    persistentReservation: 'mediumRead',
    execute: modeSense10,
  },
  {
    opcode: 0xa0,
    name: 'REPORT LUNS',
    usage: [0xa0, 0, 0xff, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0],
    access: 'shared',
    passesReservation: true,
    passesAttention: true,
    persistentReservation: 'ignored',
    execute: reportLuns,
  },
  {
    opcode: 0xa3,
    serviceAction: 0x0c,
    name: 'REPORT SUPPORTED OPERATION CODES',
    usage: [0xa3, 0x1f, 0x87, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0],
    access: 'shared',
    persistentReservation: 'mediumRead',
    execute: reportSupportedOperationCodes,
  },
  {
    opcode: 0xa3,
    serviceAction: 0x0d,
    name: 'REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS',
    usage: [0xa3, 0x1f, 0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0],
    access: 'shared',
    persistentReservation: 'mediumRead',
    execute: reportSupportedTaskManagementFunctions,
  },
];

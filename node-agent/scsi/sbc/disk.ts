// A disk: direct access block device, SBC-3.
import { copyCommands } from '../spc/copy/opcodes.js';
import { primaryLogPages } from '../spc/log-pages.js';
import { primaryCommands } from '../spc/opcodes.js';
import { persistentReservationCommands } from '../spc/persistent-reservations/opcodes.js';
import type { CommandDefinition } from '../spc/command.js';
import { inOrder, type Personality } from '../spc/personality.js';
import { primaryVitalProductData } from '../spc/vital-product-data.js';
import { diskModePages } from './mode-pages.js';
import { blockCommands } from './opcodes.js';
import { diskVitalProductData } from './vital-product-data.js';

/**
 * Reservations, atomic accesses and operations on the whole medium, which hold for all only while all come to one unit:
 * FORMAT UNIT, RESERVE and RELEASE, SANITIZE, PERSISTENT RESERVE, COMPARE AND WRITE, ORWRITE, WRITE ATOMIC.
 */
const OF_ONE_UNIT: readonly number[] = [0x04, 0x16, 0x17, 0x48, 0x56, 0x57, 0x5e, 0x5f, 0x89, 0x8b, 0x9c];

/** Where other units have the medium too, those are refused: who asks for a reservation must not take it for one. */
function unlessShared(command: CommandDefinition): CommandDefinition {
  if (!OF_ONE_UNIT.includes(command.opcode)) return command;
  return { ...command, available: (unit) => !unit.settings.sharedMedium && command.available?.(unit) !== false };
}

export const disk: Personality = {
  peripheralDeviceType: 0x00,
  // SBC-3 without a revision claimed, as SCST.
  commandSetVersion: 0x04c0,
  commands: inOrder(primaryCommands, persistentReservationCommands, copyCommands, blockCommands).map(unlessShared),
  vitalProductData: [...primaryVitalProductData, ...diskVitalProductData],
  modePages: diskModePages,
  logPages: primaryLogPages,
  // DPOFUA: DPO and FUA are honoured.
  modeDeviceSpecific: 0x10,
};

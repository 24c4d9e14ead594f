// A disk: direct access block device, SBC-3.
import { copyCommands } from '../spc/copy/opcodes.js';
import { primaryLogPages } from '../spc/log-pages.js';
import { primaryCommands } from '../spc/opcodes.js';
import { persistentReservationCommands } from '../spc/persistent-reservations/opcodes.js';
import { inOrder, type Personality } from '../spc/personality.js';
import { primaryVitalProductData } from '../spc/vital-product-data.js';
import { diskModePages } from './mode-pages.js';
import { blockCommands } from './opcodes.js';
import { diskVitalProductData } from './vital-product-data.js';

export const disk: Personality = {
  peripheralDeviceType: 0x00,
  // SBC-3 without a revision claimed, as SCST.
  commandSetVersion: 0x04c0,
  commands: inOrder(primaryCommands, persistentReservationCommands, copyCommands, blockCommands),
  vitalProductData: [...primaryVitalProductData, ...diskVitalProductData],
  modePages: diskModePages,
  logPages: primaryLogPages,
  // DPOFUA: DPO and FUA are honoured.
  modeDeviceSpecific: 0x10,
};

// A disk: direct access block device, SBC-3.
import { primaryCommands } from '../spc/opcodes.js';
import type { Personality } from '../spc/personality.js';
import { diskModePages } from './mode-pages.js';

export const disk: Personality = {
  peripheralDeviceType: 0x00,
  // SBC-3 without a version claimed, as SCST.
  commandSetVersion: 0x04c0,
  commands: primaryCommands,
  vitalProductData: [],
  modePages: diskModePages,
  // DPOFUA: DPO and FUA are honoured.
  modeDeviceSpecific: 0x10,
};

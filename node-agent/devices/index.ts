// What the agent uses of SCSI devices: their names, time-outs, links, and whether they are in use.
export { findById, readById } from './by-id.js';
export { claimUnused, DeviceInUse, type Claim } from './in-use.js';
export { linkPath, linksOf, syncLinks, UnusableName, type LinkPlace } from './links.js';
export { waitForUdev } from './udev.js';
export {
  blockLimitsOf,
  readScsiDevice,
  setQueueDepth,
  setTimeoutSeconds,
  waitForScsiDevice,
  type BlockLimits,
  type ScsiDevice,
} from './scsi-device.js';

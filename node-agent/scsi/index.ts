// What the engine uses of the SCSI layer.
export type { CommandResult, Medium, MediumFailureKind, NexusIdentity, SenseCode, WriteJournal } from './types.js';
export { MediumError, STATUS } from './types.js';
export type { Access } from './spc/command.js';
export type { CopyPeer, CopyPeers } from './spc/copy/peers.js';
export { CopyCancelled } from './spc/copy/peers.js';
export type { Personality } from './spc/personality.js';
export type { LogicalUnit, LogicalUnitOptions, UnitIdentity, UnitSettings } from './spc/logical-unit.js';
export {
  addNexus,
  createLogicalUnit,
  nexusLoss,
  raiseAttention,
  removalPreventedBy,
  removeNexus,
  replaceIdentity,
  replaceMedium,
  block,
  resetLogicalUnit,
  unblock,
  tellCommandsCleared,
} from './spc/logical-unit.js';
export type { NexusFlags, Surroundings } from './spc/dispatch.js';
export {
  accessOf,
  checkCondition,
  dataOutOpcodes,
  execute,
  flagsOf,
  runsOnce,
  UnknownNexusError,
} from './spc/dispatch.js';
export { writeCacheEnabled } from './spc/mode-pages.js';
export { forgetLostWrites, noteMediumFailure } from './spc/medium-failures.js';
export { ejectMedium, loadMedium } from './spc/medium-loading.js';
export type { SenseData } from './spc/sense.js';
export { mediumErrorSense, SENSE } from './spc/sense.js';
export type { UnitSnapshot } from './spc/run-state.js';
export { restore, snapshot, SnapshotVersionError } from './spc/run-state.js';
export type { UnitDurableState } from './spc/durable-state.js';
export { applyDurableState, applySavedState, durableState } from './spc/durable-state.js';
export type { AttentionCode } from './spc/unit-attentions.js';
export { ATTENTION } from './spc/unit-attentions.js';
export { advance } from './sbc/erasure.js';
export { endOperation } from './spc/operation.js';
export { disk } from './sbc/disk.js';

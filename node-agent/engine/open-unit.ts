// Makes a serving unit of a configuration, and brings a serving one to a changed configuration.
import { openFileBacking, type FileBacking } from '../backing/file.js';
import { BackingRefused } from '../backing/errors.js';
import type { UnitConfiguration } from '../protocol/types.js';
import {
  addNexus,
  ATTENTION,
  createLogicalUnit,
  dataOutOpcodes,
  disk,
  raiseAttention,
  removeNexus,
  replaceIdentity,
  replaceMedium,
  restore,
  snapshot,
  type LogicalUnit,
  type UnitIdentity,
  type UnitSnapshot,
} from '../scsi/index.js';
import { equal } from './equal.js';
import type { UnitEnvironment } from './environment.js';
import type { FlightRecorder } from './flight-recorder.js';
import { nexusIdentityOf, nexusIdOf, type Ring } from './ring.js';
import { fastPathWriteCache, ServingUnit } from './serving-unit.js';
import { takeUpState } from './unit-stores.js';

const CACHING_PAGE = '8';

/** Throws BackingRefused. */
export async function openUnit(
  environment: UnitEnvironment,
  flight: FlightRecorder,
  configuration: UnitConfiguration,
  rings: () => Iterable<Ring>,
): Promise<ServingUnit> {
  const backing = await openFileBacking(environment, configuration.vdiskFileio, configuration);
  try {
    const scsi = createScsi(configuration, backing);
    const stores = await takeUpState(environment, configuration, scsi, backing);
    updateNexuses(scsi, rings());
    await stores.runState.save(scsi, stores.records);
    const native = environment.binding.createUnit({
      fd: backing.fd,
      blockSize: backing.medium.blockSize,
      blocks: backing.medium.blocks,
      writeCache: fastPathWriteCache(scsi),
      nvCache: scsi.settings.nvCache,
      dataOutOpcodes: dataOutOpcodes(disk),
    });
    const unit = new ServingUnit(scsi, backing, {
      native,
      rings,
      stores,
      flight,
      reachable: (sessionUid) => environment.reachable(sessionUid),
      log: environment.log.child({ device: configuration.name }),
    });
    unit.continueOperation();
    return unit;
  } catch (error) {
    await backing.close();
    throw error;
  }
}

/** Identity and nexuses, between two commands. */
export async function changeIdentity(
  unit: ServingUnit,
  former: UnitConfiguration,
  wanted: UnitConfiguration,
  rings: () => Iterable<Ring>,
): Promise<void> {
  await unit.exclusively(() => {
    if (!equal(former.identity, wanted.identity)) replaceIdentity(unit.scsi, identityOf(wanted));
    updateNexuses(unit.scsi, rings());
  });
}

/**
 * Opens what the configuration names now (another file, the same one grown, or with other properties), and puts it
 * in the place of the former backing between two commands. Throws BackingRefused, and then the unit goes on serving
 * as before.
 */
export async function swapBacking(
  environment: UnitEnvironment,
  unit: ServingUnit,
  former: UnitConfiguration,
  wanted: UnitConfiguration,
  rings: () => Iterable<Ring>,
): Promise<void> {
  const { operation } = unit.scsi;
  if (operation !== undefined && !operation.failed)
    throw new BackingRefused('OperationInProgress', `${operation.plan.kind} is writing over the whole medium`);
  const backing = await openFileBacking(environment, wanted.vdiskFileio, wanted, unit.backing);
  const replaced = unit.backing;
  try {
    await unit.exclusively(async () => {
      await replaced.medium.flush();
      if (onlySizeOrFileDiffers(former, wanted)) replaceMedium(unit.scsi, backing.medium);
      else unit.scsi = recreateScsi(unit.scsi, former, wanted, backing, rings());
      unit.native.update({
        fd: backing.fd,
        blockSize: backing.medium.blockSize,
        blocks: backing.medium.blocks,
        nvCache: unit.scsi.settings.nvCache,
      });
      if (former.vdiskFileio.filename !== wanted.vdiskFileio.filename)
        raiseAttention(unit.scsi, ATTENTION.mediumMayHaveChanged);
      unit.backing = backing;
    });
  } finally {
    // The same file stays locked through the former descriptor until that is closed.
    await (unit.backing === backing ? replaced : backing).close();
  }
  if (!backing.lock())
    throw new BackingRefused('BackingInUse', `${backing.path} was locked by another process while it was opened anew`);
}

function onlySizeOrFileDiffers(former: UnitConfiguration, wanted: UnitConfiguration): boolean {
  const { filename, size } = wanted.vdiskFileio;
  return equal({ ...former.vdiskFileio, filename, size }, wanted.vdiskFileio);
}

/** The SCSI layer's settings stay as created: a change of one makes a new unit that takes over the state. */
function recreateScsi(
  scsi: LogicalUnit,
  former: UnitConfiguration,
  wanted: UnitConfiguration,
  backing: FileBacking,
  rings: Iterable<Ring>,
): LogicalUnit {
  const state = snapshot(scsi);
  const recreated = createScsi(wanted, backing);
  recreated.savedModePages = scsi.savedModePages;
  restore(recreated, withoutWriteCache(state, former, wanted));
  updateNexuses(recreated, rings);
  for (const code of [ATTENTION.inquiryDataChanged, ATTENTION.modeParametersChanged, ATTENTION.capacityChanged])
    raiseAttention(recreated, code);
  return recreated;
}

/** WCE is the initiator's, but a change of the wish counts once, at the edge. */
function withoutWriteCache(state: UnitSnapshot, former: UnitConfiguration, wanted: UnitConfiguration): UnitSnapshot {
  const { writeThrough, nvCache } = former.vdiskFileio;
  if (writeThrough === wanted.vdiskFileio.writeThrough && nvCache === wanted.vdiskFileio.nvCache) return state;
  const modePages = Object.fromEntries(Object.entries(state.modePages).filter(([code]) => code !== CACHING_PAGE));
  return { ...state, modePages };
}

function createScsi(configuration: UnitConfiguration, backing: FileBacking): LogicalUnit {
  const { readOnly, writeThrough, nvCache, removable, rotational, thinProvisioned } = configuration.vdiskFileio;
  return createLogicalUnit({
    personality: disk,
    identity: identityOf(configuration),
    medium: backing.medium,
    readOnly,
    removable,
    rotational,
    thinProvisioned,
    nvCache,
    writeCache: !writeThrough,
  });
}

function identityOf({ identity }: UnitConfiguration): UnitIdentity {
  return { ...identity };
}

/** Nexuses come and go with the rings; one that a former engine left in the run state and nobody wants goes too. */
function updateNexuses(scsi: LogicalUnit, rings: Iterable<Ring>): void {
  const wanted = [...rings].map(({ configuration }) => configuration);
  for (const configuration of wanted) addNexus(scsi, nexusIdentityOf(configuration));
  const ids = new Set(wanted.map(nexusIdOf));
  for (const id of [...scsi.nexuses.keys()]) if (!ids.has(id)) removeNexus(scsi, id);
}

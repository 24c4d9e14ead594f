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
  forgetLostWrites,
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
  const backing = await openBacking(environment, configuration);
  try {
    const scsi = createScsi(configuration, backing);
    const stores = await takeUpState(environment, configuration, scsi, backing);
    updateNexuses(scsi, rings());
    await stores.runState.save(scsi, stores.records);
    const native = environment.binding.createUnit({
      ...nativeMedium(scsi, backing),
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
      statusChanged: () => environment.statusChanged(),
      log: environment.log.child({ device: configuration.name }),
    });
    unit.continueOperation();
    return unit;
  } catch (error) {
    await backing?.close();
    throw error;
  }
}

/** Nothing for a unit that its owner has made inactive. */
async function openBacking(
  environment: UnitEnvironment,
  configuration: UnitConfiguration,
  replacing?: FileBacking,
): Promise<FileBacking | undefined> {
  const { vdiskFileio } = configuration;
  return vdiskFileio.active ? await openFileBacking(environment, vdiskFileio, configuration, replacing) : undefined;
}

function nativeMedium({ blockSize }: LogicalUnit, backing: FileBacking | undefined) {
  return { fd: backing?.transferFd ?? -1, blockSize, blocks: backing?.medium.blocks ?? 0n };
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
 * Opens what the configuration names now (another file, the same one grown, with other properties, or none), and puts it
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
  const backing = await openBacking(environment, wanted, unit.backing);
  const replaced = unit.backing;
  try {
    await unit.exclusively(async () => {
      await flushReplaced(unit, backing);
      if (onlyBackingDiffers(former, wanted)) replaceMedium(unit.scsi, backing?.medium);
      else unit.scsi = recreateScsi(unit.scsi, former, wanted, backing, rings());
      unit.native.update({
        ...nativeMedium(unit.scsi, backing),
        nvCache: unit.scsi.settings.nvCache,
      });
      const opens = replaced === undefined && backing !== undefined;
      if (opens) forgetLostWrites(unit.scsi);
      if (opens || former.vdiskFileio.filename !== wanted.vdiskFileio.filename)
        raiseAttention(unit.scsi, ATTENTION.mediumMayHaveChanged);
      unit.backing = backing;
      unit.health.replaced(unit.scsi);
    });
  } finally {
    // The same file stays locked through the former descriptor until that is closed.
    await (unit.backing === backing ? replaced : backing)?.close();
  }
  if (backing?.lock() === false)
    throw new BackingRefused('BackingInUse', `${backing.path} was locked by another process while it was opened anew`);
}

/** A failure keeps the unit with what it has; but somebody who takes the file away gets it. */
async function flushReplaced(unit: ServingUnit, backing: FileBacking | undefined): Promise<void> {
  // What a flush after a failed one says, means nothing.
  if (unit.scsi.writesLost) return;
  try {
    await unit.flush();
  } catch (error) {
    if (backing !== undefined) throw error;
  }
}

function onlyBackingDiffers(former: UnitConfiguration, wanted: UnitConfiguration): boolean {
  const { filename, size, active, directIO } = wanted.vdiskFileio;
  return equal({ ...former.vdiskFileio, filename, size, active, directIO }, wanted.vdiskFileio);
}

/** The SCSI layer's settings stay as created: a change of one makes a new unit that takes over the state. */
function recreateScsi(
  scsi: LogicalUnit,
  former: UnitConfiguration,
  wanted: UnitConfiguration,
  backing: FileBacking | undefined,
  rings: Iterable<Ring>,
): LogicalUnit {
  const state = snapshot(scsi);
  const recreated = createScsi(wanted, backing);
  recreated.savedModePages = scsi.savedModePages;
  recreated.identifyingInformation = scsi.identifyingInformation;
  restore(recreated, withoutWriteCache(state, former, wanted));
  updateNexuses(recreated, rings);
  for (const code of [ATTENTION.inquiryDataChanged, ATTENTION.modeParametersChanged]) raiseAttention(recreated, code);
  if (!equal(capacityData(scsi), capacityData(recreated))) raiseAttention(recreated, ATTENTION.capacityChanged);
  return recreated;
}

/** What READ CAPACITY tells. */
function capacityData({ medium, blockSize, settings }: LogicalUnit) {
  return [String(medium?.blocks), blockSize, settings.physicalBlockExponent, settings.thinProvisioned];
}

/** WCE is the initiator's, but a change of the wish counts once, at the edge. */
function withoutWriteCache(state: UnitSnapshot, former: UnitConfiguration, wanted: UnitConfiguration): UnitSnapshot {
  const { writeThrough, nvCache } = former.vdiskFileio;
  if (writeThrough === wanted.vdiskFileio.writeThrough && nvCache === wanted.vdiskFileio.nvCache) return state;
  const modePages = Object.fromEntries(Object.entries(state.modePages).filter(([code]) => code !== CACHING_PAGE));
  return { ...state, modePages };
}

function createScsi(configuration: UnitConfiguration, backing: FileBacking | undefined): LogicalUnit {
  const { writeThrough, blocksize, physicalBlockSize = blocksize, ...settings } = configuration.vdiskFileio;
  const { readOnly, removable, rotational, thinProvisioned, nvCache } = settings;
  const { optimalTransferLength, taskSetPerNexus } = settings;
  return createLogicalUnit({
    personality: disk,
    identity: identityOf(configuration),
    medium: backing?.medium,
    blockSize: blocksize,
    readOnly,
    removable,
    rotational,
    thinProvisioned,
    nvCache,
    writeCache: !writeThrough,
    physicalBlockExponent: Math.log2(physicalBlockSize / blocksize),
    ...(optimalTransferLength !== undefined && { optimalTransferLength }),
    ...(taskSetPerNexus !== undefined && { taskSetPerNexus }),
  });
}

function identityOf({ identity }: UnitConfiguration): UnitIdentity {
  const { scsiDeviceName, ...same } = identity;
  return { ...same, ...(scsiDeviceName !== undefined && { scsiName: scsiDeviceName }) };
}

/** Nexuses come and go with the rings; one that a former engine left in the run state and nobody wants goes too. */
function updateNexuses(scsi: LogicalUnit, rings: Iterable<Ring>): void {
  const wanted = [...rings].map(({ configuration }) => configuration);
  for (const configuration of wanted) addNexus(scsi, nexusIdentityOf(configuration));
  const ids = new Set(wanted.map(nexusIdOf));
  for (const id of [...scsi.nexuses.keys()]) if (!ids.has(id)) removeNexus(scsi, id);
}

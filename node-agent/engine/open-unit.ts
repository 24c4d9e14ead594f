// Makes a serving unit of a configuration, and brings a serving one to a changed configuration.
import { openBacking, type Backing } from '../backing/backing.js';
import { BackingRefused } from '../backing/errors.js';
import { diskOf } from '../../crds/disk.js';
import type { UnitConfiguration } from '../protocol/types.js';
import {
  addNexus,
  ATTENTION,
  createLogicalUnit,
  dataOutOpcodes,
  disk,
  forgetLostWrites,
  MediumError,
  noteMediumFailure,
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
import { nexusIdentityOf, type Ring } from './ring.js';
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
    // Nobody has asked it anything yet, and what a former engine left has been dealt with.
    if (scsi.nexuses.size > 0 || stores.runState.left) await stores.runState.save(scsi, stores.records);
    const native = environment.binding.createUnit({
      ...nativeMedium(scsi, backing),
      writeCache: fastPathWriteCache(scsi),
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
    if (scsi.blocked) await unit.stayBlocked();
    unit.continueOperation();
    return unit;
  } catch (error) {
    await backing?.close();
    throw error;
  }
}

function nativeMedium({ blockSize, settings }: LogicalUnit, backing: Backing | undefined) {
  return {
    fd: backing?.transferFd ?? -1,
    blockSize,
    blocks: backing?.medium.blocks ?? 0n,
    nvCache: settings.nvCache || (backing?.storesNothing ?? false),
  };
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
      const recreated = createScsi(wanted, backing, unit.scsi.settings);
      if (settledAlike(recreated, unit.scsi)) replaceMedium(unit.scsi, backing?.medium);
      else unit.scsi = takeOver(recreated, unit.scsi, former, wanted, rings());
      unit.native.update(nativeMedium(unit.scsi, backing));
      const opens = replaced === undefined && backing !== undefined;
      if (diskOf(former).active === false) forgetLostWrites(unit.scsi);
      if (opens || diskOf(former).filename !== diskOf(wanted).filename)
        raiseAttention(unit.scsi, ATTENTION.mediumMayHaveChanged);
      unit.backing = backing;
      unit.health.replaced(unit.scsi);
    });
  } finally {
    // The same file stays locked through the former descriptor until that is closed.
    await (unit.backing === backing ? replaced : backing)?.close();
  }
  if (backing !== undefined && !(await backing.lock()))
    throw new BackingRefused('BackingInUse', `${backing.path} was locked by another process while it was opened anew`);
}

/** Lets a block device go that went away: what it had in its cache went with it. */
export async function giveUpBacking(unit: ServingUnit, name: string): Promise<void> {
  const { backing } = unit;
  await unit.exclusively(() => {
    if (unit.mayHaveUnflushedWrites)
      noteMediumFailure(unit.scsi, new MediumError('flush', `the backing of ${name} went away with its cache`));
    replaceMedium(unit.scsi, undefined);
    unit.native.update(nativeMedium(unit.scsi, undefined));
    unit.backing = undefined;
    unit.health.replaced(unit.scsi);
  });
  await backing?.close();
}

/** A failure keeps the unit with what it has; but somebody who takes the file away gets it. */
async function flushReplaced(unit: ServingUnit, backing: Backing | undefined): Promise<void> {
  // What a flush after a failed one says, means nothing.
  if (unit.scsi.writesLost) return;
  try {
    await unit.flush();
  } catch (error) {
    if (backing !== undefined) throw error;
  }
}

function settledAlike(one: LogicalUnit, other: LogicalUnit): boolean {
  return equal([one.settings, one.blockSize], [other.settings, other.blockSize]);
}

/** The SCSI layer's settings stay as created: with others there is a new unit, which takes over the state. */
function takeOver(
  recreated: LogicalUnit,
  scsi: LogicalUnit,
  former: UnitConfiguration,
  wanted: UnitConfiguration,
  rings: Iterable<Ring>,
): LogicalUnit {
  const state = snapshot(scsi);
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
  const { writeThrough, nvCache } = diskOf(former);
  const wish = diskOf(wanted);
  if (writeThrough === wish.writeThrough && nvCache === wish.nvCache) return state;
  const modePages = Object.fromEntries(Object.entries(state.modePages).filter(([code]) => code !== CACHING_PAGE));
  return { ...state, modePages };
}

/** `before`: what the backing said while it was open. */
function createScsi(
  configuration: UnitConfiguration,
  backing: Backing | undefined,
  before?: LogicalUnit['settings'],
): LogicalUnit {
  const { writeThrough = false, nvCache = false, blocksize, ...wish } = diskOf(configuration);
  const { readOnly, removable, rotational, optimalTransferLength, taskSetPerNexus } = wish;
  const physicalBlockSize = wish.physicalBlockSize ?? backing?.own.physicalBlockSize;
  const exponent =
    physicalBlockSize === undefined ? before?.physicalBlockExponent : Math.log2(physicalBlockSize / blocksize);
  return createLogicalUnit({
    personality: disk,
    identity: identityOf(configuration),
    medium: backing?.medium,
    blockSize: blocksize,
    readOnly,
    removable,
    rotational,
    thinProvisioned: wish.thinProvisioned ?? backing?.own.thinProvisioned ?? before?.thinProvisioned ?? false,
    nvCache,
    sharedMedium: configuration.sharedMedium ?? false,
    writeCache: !writeThrough,
    physicalBlockExponent: exponent ?? 0,
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
  const wanted = [...rings];
  for (const { configuration, arrival } of wanted) addNexus(scsi, nexusIdentityOf(configuration), arrival);
  const ids = new Set(wanted.map(({ nexusId }) => nexusId));
  for (const id of [...scsi.nexuses.keys()]) if (!ids.has(id)) removeNexus(scsi, id);
}

// From what a pass has found to the ScstNode's status (pure).
import type {
  EntryStatus,
  NodeDeviceStatus,
  NodeLunStatus,
  NodeSessionStatus,
  ScstNodeStatus,
} from '../../crds/types.js';
import type { EngineStatus } from '../protocol/types.js';
import { placeHolders, sessionLuns } from './engine-configuration.js';
import type { Journal } from './wish.js';

/** A LUN whose link and SCSI device exist. */
export interface RealisedLun {
  /** /dev/scst/<target>/<session>/lun<N>; absent until the link is there and the device's time-out is set. */
  path?: string;
  block?: string;
  sg?: string;
  bsg?: string;
  hctl: string;
  byId?: string;
  /** udev may be about to make byId. */
  awaitsById?: boolean;
  /** Bytes that the device serves, where the kernel doesn't know it by them yet. */
  awaitedSize?: number;
}

/** Why a (session, LUN) pair isn't what the spec says. */
export interface LunProblem {
  state: 'Pending' | 'Failed' | 'Terminating';
  reason: string;
  message: string;
}

/** What a pass has found; keys of the maps are names of backstores and uids. */
export interface PassReport {
  journal: Journal;
  /** Absent: no engine is connected. */
  engine?: EngineStatus;
  /** By session uid: host number, as far as the session is realised. */
  sessions: ReadonlyMap<string, number>;
  /** By session uid. */
  sessionProblems: ReadonlyMap<string, LunProblem>;
  /** By backstore. */
  luns: ReadonlyMap<string, RealisedLun>;
  /** By backstore. */
  lunProblems: ReadonlyMap<string, LunProblem>;
  /** (session, LUN) pairs that left the spec and are still in the kernel. */
  leaving: readonly { backstore: string; sessionUid: string; lunUid: string }[];
}

/** Ready LUNs of those that are wanted, such as 3/4. */
function lunsReady(luns: readonly NodeLunStatus[]): string {
  const wanted = luns.filter(({ state }) => state !== 'Terminating');
  return `${wanted.filter(({ state }) => state === 'Ready').length}/${wanted.length}`;
}

/** The status without times and versions, which the reporter adds. */
export function nodeStatus(
  report: PassReport,
): Pick<
  ScstNodeStatus,
  'observedGeneration' | 'epoch' | 'nodeUID' | 'lunsReady' | 'devices' | 'targets' | 'sessions' | 'luns'
> {
  const { journal } = report;
  const luns = [...wantedLunStatuses(report), ...placeHolderStatuses(journal), ...leavingLunStatuses(report)];
  return {
    observedGeneration: journal.generation,
    epoch: journal.spec.epoch,
    nodeUID: journal.spec.nodeUID,
    devices: deviceStatuses(report),
    targets: journal.spec.targets.map(({ uid, generation }) => ({ uid, generation, state: 'Ready' as const })),
    sessions: sessionStatuses(report),
    lunsReady: lunsReady(luns),
    luns,
  };
}

function deviceStatuses({ journal, engine }: PassReport): NodeDeviceStatus[] {
  const units = new Map(engine?.units.map((unit) => [unit.uid, unit]));
  const wanted = journal.spec.devices.map(({ uid, generation }): NodeDeviceStatus => {
    const unit = units.get(uid);
    if (unit === undefined) {
      const message = 'scst-engine is not connected: commands wait for it, nothing is lost';
      return { uid, generation, state: 'Unknown', reason: 'EngineUnavailable', message };
    }
    const base = { uid, generation: unit.generation, ...(unit.size === undefined ? {} : { size: unit.size }) };
    if (unit.state === 'Ready') return { ...base, state: 'Ready' };
    return {
      ...base,
      state: 'Failed',
      reason: unit.reason ?? 'BackingError',
      message: unit.message ?? 'the backing is not open',
    };
  });
  const leaving = journal.departed.devices.map(({ uid, generation }): NodeDeviceStatus => ({
    uid,
    generation,
    state: 'Terminating',
    reason: 'Detaching',
    message: 'waits until no LUN of this device is left on the node',
  }));
  return [...wanted, ...leaving];
}

function sessionStatuses({ journal, sessions, sessionProblems }: PassReport): NodeSessionStatus[] {
  const one = (state: 'Pending' | 'Terminating') => {
    return ({ uid, generation }: EntryStatus | { uid: string; generation: number }): NodeSessionStatus => {
      const host = sessions.get(uid);
      const problem = sessionProblems.get(uid);
      if (problem !== undefined) return { uid, generation, ...problem, ...(host === undefined ? {} : { host }) };
      if (state === 'Pending' && host !== undefined) return { uid, generation, state: 'Ready', host };
      return { uid, generation, state, reason: state === 'Pending' ? 'Creating' : 'Detaching' };
    };
  };
  return [...journal.spec.sessions.map(one('Pending')), ...journal.departed.sessions.map(one('Terminating'))];
}

function wantedLunStatuses(report: PassReport): NodeLunStatus[] {
  const rings = new Map(
    report.engine?.units.flatMap((unit) => unit.rings.map((ring) => [ring.backstore, { ring, unit }] as const)),
  );
  const units = new Map(report.engine?.units.map((unit) => [unit.uid, unit]));
  return sessionLuns(report.journal.spec).map(({ session, lun, device, backstore }): NodeLunStatus => {
    const base = { uid: lun.uid, session: session.uid, generation: lun.generation };
    const found = report.luns.get(backstore);
    const realised = shown(found);
    const problem = report.lunProblems.get(backstore);
    const served = rings.get(backstore);
    const ofKernel = device.engine === 'kernel';
    const unit = ofKernel ? units.get(device.uid) : served?.unit;
    // What LIO serves, it goes on serving.
    if (unit?.state === 'Failed' && !(ofKernel && realised !== undefined)) {
      const { reason = 'BackingError', message = 'the backing is not open' } = unit;
      return { ...base, state: 'Failed', reason, message, ...realised };
    }
    // After the unit: what is told of LIO follows from it.
    if (problem !== undefined) return { ...base, ...problem, ...realised };
    if (realised === undefined)
      return { ...base, state: 'Pending', reason: 'Creating', message: 'the SCSI device is being made' };
    if (!ofKernel && served?.ring.state !== 'Attached') {
      const message = 'scst-engine does not serve this LUN at the moment: commands wait for it, nothing is lost';
      return { ...base, state: 'Unknown', reason: 'EngineUnavailable', message, ...realised };
    }
    if (found?.awaitedSize !== undefined) {
      const message = `the device has ${found.awaitedSize} bytes now, and the kernel doesn't know it yet`;
      return { ...base, state: 'Pending', reason: 'Resizing', message, ...realised };
    }
    return { ...base, state: realised.path === undefined ? 'Pending' : 'Ready', ...realised };
  });
}

function placeHolderStatuses({ spec }: Journal): NodeLunStatus[] {
  return placeHolders(spec).map(({ session, lun: { uid, generation } }) => {
    return { uid, session: session.uid, generation, state: 'Ready' };
  });
}

function shown(found: RealisedLun | undefined): Omit<RealisedLun, 'awaitedSize' | 'awaitsById'> | undefined {
  if (found === undefined) return undefined;
  const { awaitedSize: _size, awaitsById: _byId, ...rest } = found;
  return rest;
}

function leavingLunStatuses({ journal, leaving, luns, lunProblems }: PassReport): NodeLunStatus[] {
  const generations = new Map(
    [...journal.departed.luns, ...journal.spec.luns].map(({ uid, generation }) => [uid, generation]),
  );
  return leaving.map(({ backstore, sessionUid, lunUid }): NodeLunStatus => ({
    uid: lunUid,
    session: sessionUid,
    generation: generations.get(lunUid) ?? 0,
    ...(lunProblems.get(backstore) ?? {
      state: 'Terminating',
      reason: 'Detaching',
      message: 'the SCSI device is being removed',
    }),
    ...shown(luns.get(backstore)),
  }));
}

// From the journal and the engine's report to what LIO should look like (pure).
import {
  backstoreName,
  deviceConfig,
  nexusName,
  parseBackstoreName,
  sessionWwn,
  type DesiredLio,
  type DesiredLun,
  type DesiredSession,
  type ObservedLio,
} from '../lio/index.js';
import type { NodeDevice, NodeSession } from '../../crds/types.js';
import type { EngineStatus } from '../protocol/types.js';
import { sessionLuns } from './engine-configuration.js';
import type { Journal } from './wish.js';

/** MiB of data in flight per ring: 64 commands of 1 MiB. */
const DATA_AREA_MIB = 64;

/** A (session, LUN) pair that is in the kernel, as far as it goes. */
export interface KernelLun {
  backstore: string;
  sessionUid: string;
  lunUid: string;
  wwn: string;
  /** Absent while no LUN links to the backstore. */
  lun?: number;
  /** host:channel:target:lun; absent while there is no such SCSI device. */
  hctl?: string;
}

/** Every pair of ours of which something is in the kernel. */
export function kernelLuns(observed: ObservedLio): KernelLun[] {
  const linked = new Map<string, { lun: number; hctl?: string }>();
  for (const session of observed.sessions) {
    if (session.busy) continue;
    for (const lun of session.luns) {
      if (lun.busy || lun.link === undefined) continue;
      const hctl = session.address === undefined || !lun.present ? {} : { hctl: `${session.address}:${lun.lun}` };
      linked.set(lun.link.backstore, { lun: lun.lun, ...hctl });
    }
  }
  const names = new Set([...observed.backstores.map((backstore) => backstore.name), ...linked.keys()]);
  return [...names].flatMap((backstore) => {
    const uids = parseBackstoreName(backstore);
    return uids === undefined
      ? []
      : [{ backstore, ...uids, wwn: sessionWwn(uids.sessionUid), ...linked.get(backstore) }];
  });
}

/** Pairs in the kernel that the journal's spec doesn't have, and that are ours to remove. */
export function leavingLuns(journal: Journal, observed: ObservedLio): KernelLun[] {
  const wanted = new Set(sessionLuns(journal.spec).map((pair) => pair.backstore));
  const owned = ownedNames(journal);
  return kernelLuns(observed).filter(({ backstore }) => !wanted.has(backstore) && owned.has(backstore));
}

/** What LIO should look like. */
export function desiredLio(journal: Journal, engine: EngineStatus | undefined, ioTimeoutSeconds: number): DesiredLio {
  const units = new Map(engine?.units.map((unit) => [unit.uid, unit]));
  const sessions = new Map<string, DesiredSession>();
  const sessionFor = (session: NodeSession): DesiredSession => {
    const wwn = sessionWwn(session.uid);
    const known = sessions.get(wwn) ?? { wwn, nexus: nexusName(session.transportId), luns: [] };
    sessions.set(wwn, known);
    return known;
  };
  const desiredLun = (lun: number, backstore: string, device: NodeDevice): DesiredLun => {
    const unit = units.get(device.uid);
    return {
      lun,
      backstore,
      ready: unit?.state === 'Ready' && unit.size !== undefined,
      parameters: {
        deviceConfig: deviceConfig(device.uid),
        sizeBytes: unit?.size ?? 0,
        blockSize: device.vdiskFileio.blocksize,
        ioTimeoutSeconds,
        dataAreaMiB: DATA_AREA_MIB,
      },
    };
  };
  journal.spec.sessions.forEach(sessionFor);
  for (const { session, lun, device, backstore } of sessionLuns(journal.spec)) {
    sessionFor(session).luns.push(desiredLun(lun.lun, backstore, device));
  }
  return { sessions: [...sessions.values()], attachedRings: attachedRings(engine), owned: ownedNames(journal) };
}

/** Backstores whose ring the engine serves at this moment. */
export function attachedRings(engine: EngineStatus | undefined): ReadonlySet<string> {
  const rings = engine?.units.flatMap((unit) => unit.rings) ?? [];
  return new Set(rings.filter((ring) => ring.state === 'Attached').map((ring) => ring.backstore));
}

/** Names of everything that the journal says is ours: of the spec, and of what left it. */
function ownedNames(journal: Journal): ReadonlySet<string> {
  const sessions = [...journal.spec.sessions, ...journal.departed.sessions];
  const luns = [...journal.spec.luns, ...journal.departed.luns];
  const backstores = sessions.flatMap((session) =>
    luns.filter((lun) => lun.target === session.target).map((lun) => backstoreName(session.uid, lun.uid)),
  );
  return new Set([...sessions.map((session) => sessionWwn(session.uid)), ...backstores]);
}

/** The journal without departed entries of which nothing is left in the kernel or in the engine. */
export function withoutFinished(
  journal: Journal,
  observed: ObservedLio,
  engine: EngineStatus | undefined,
  reclaimed: ReadonlySet<string>,
): Journal {
  const left = kernelLuns(observed);
  const wwns = new Set(observed.sessions.map((session) => session.wwn));
  const { devices, sessions, luns } = journal.departed;
  return {
    ...journal,
    departed: {
      devices: devices.filter(
        ({ uid }) => engine === undefined || engine.units.some((unit) => unit.uid === uid) || !reclaimed.has(uid),
      ),
      sessions: sessions.filter(({ uid }) => wwns.has(sessionWwn(uid)) || left.some((pair) => pair.sessionUid === uid)),
      luns: luns.filter(({ uid }) => left.some((pair) => pair.lunUid === uid)),
    },
  };
}

// From the journal and the engine's report to what LIO should look like (pure).
import {
  backstoreName,
  BLOCK_HBA,
  deviceConfig,
  HBA,
  hbaOf,
  KERNEL_HBAS,
  kernelBackstoreName,
  nexusName,
  pairName,
  parseBackstoreName,
  parseKernelBackstoreName,
  sessionWwn,
  type DesiredKernelDisk,
  type DesiredLio,
  type DesiredLun,
  type DesiredSession,
  type Hba,
  type KernelHba,
  type ObservedLio,
} from '../lio/index.js';
import type { NodeDevice, NodeSession } from '../../crds/types.js';
import { diskOf } from '../../crds/disk.js';
import type { EngineStatus, UnitStatus } from '../protocol/types.js';
import { deviceHba, sessionLuns } from './engine-configuration.js';
import type { Journal } from './wish.js';

/** MiB of data in flight per ring: 64 commands of 1 MiB. */
const DATA_AREA_MIB = 64;

/** A (session, LUN) pair that is in the kernel, as far as it goes. */
export interface KernelLun {
  /** Names the pair: that of its ring, and of its link to a file. */
  backstore: string;
  /** Where it is linked to, or has its ring. */
  hba: Hba;
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
  const linked = new Map<string, { lun: number; hba: Hba; hctl?: string }>();
  for (const session of observed.sessions) {
    if (session.busy) continue;
    for (const lun of session.luns) {
      if (lun.busy || lun.link === undefined) continue;
      const hctl = session.address === undefined || !lun.present ? {} : { hctl: `${session.address}:${lun.lun}` };
      const hba = hbaOf(lun.link.backstore);
      linked.set(pairName(lun.link.name, lun.link.backstore), { lun: lun.lun, hba, ...hctl });
    }
  }
  const names = new Set([...observed.backstores.map((backstore) => backstore.name), ...linked.keys()]);
  return [...names].flatMap((backstore) => {
    const uids = parseBackstoreName(backstore);
    return uids === undefined
      ? []
      : [{ backstore, hba: HBA, ...uids, wwn: sessionWwn(uids.sessionUid), ...linked.get(backstore) }];
  });
}

/** <hba>/<name> of each pair in the kernel, and of each backstore there. */
export function namesInKernel(observed: ObservedLio): ReadonlySet<string> {
  const backstores = observed.backstores.map(({ name }) => `${hbaOf(name)}/${name}`);
  return new Set([...backstores, ...kernelLuns(observed).map(({ hba, backstore }) => `${hba}/${backstore}`)]);
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
    const known = sessions.get(wwn) ?? { wwn, nexus: nexusName(session.transportId), nexusCounts: false, luns: [] };
    sessions.set(wwn, known);
    return known;
  };
  const served = new Map(
    journal.served.flatMap((unit) => unit.rings.filter(({ hba }) => hba === HBA).map((ring) => [ring.backstore, unit])),
  );
  const desiredLun = (lun: number, name: string, wanted: NodeDevice): DesiredLun => {
    const hba = deviceHba(wanted);
    if (hba !== HBA) return { engine: 'kernel', lun, name, backstore: kernelBackstoreName(hba, wanted.uid) };
    // Where another device is to take its place, as what the engine serves it at the moment.
    const device = served.get(name) ?? wanted;
    const unit = units.get(device.uid);
    return {
      engine: 'tcmu',
      lun,
      name,
      ready: isReady(unit),
      parameters: {
        deviceConfig: deviceConfig(device.uid),
        sizeBytes: unit?.size ?? 0,
        blockSize: diskOf(device).blocksize,
        ioTimeoutSeconds,
        dataAreaMiB: DATA_AREA_MIB,
      },
    };
  };
  journal.spec.sessions.forEach(sessionFor);
  const kernelDisks = new Map<string, DesiredKernelDisk>();
  for (const { session, lun, device, backstore } of sessionLuns(journal.spec)) {
    const wanted = sessionFor(session);
    wanted.luns.push(desiredLun(lun.lun, backstore, device));
    const hba = deviceHba(device);
    wanted.nexusCounts ||= hba !== HBA;
    if (hba !== HBA) kernelDisks.set(device.uid, desiredKernelDisk(device, hba, units.get(device.uid)));
  }
  return {
    sessions: [...sessions.values()],
    kernelDisks: [...kernelDisks.values()],
    attachedRings: attachedRings(engine),
    owned: ownedNames(journal),
  };
}

function isReady(unit: UnitStatus | undefined): boolean {
  return unit?.state === 'Ready' && unit.size !== undefined;
}

/** The engine has opened, checked and sized what backs it; that LIO opens it doesn't change what it is. */
function desiredKernelDisk(device: NodeDevice, hba: KernelHba, unit: UnitStatus | undefined): DesiredKernelDisk {
  const { filename = '', blocksize, readOnly, writeThrough = false, ...disk } = diskOf(device);
  const { rotational, optimalTransferLength } = disk;
  const { vendor, product, revision, serial } = device.identity;
  const common = {
    filename,
    blockSize: blocksize,
    thinProvisioned: disk.thinProvisioned ?? unit?.thinProvisioned ?? false,
    rotational,
    ...(optimalTransferLength !== undefined && { optimalTransferLength }),
    identity: { vendor, product, revision, serial },
  };
  return {
    backstore: kernelBackstoreName(hba, device.uid),
    ready: isReady(unit),
    parameters:
      hba === BLOCK_HBA
        ? { plugin: 'iblock', ...common, readOnly }
        : { plugin: 'fileio', ...common, writeThrough, sizeBytes: unit?.size ?? 0 },
  };
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
  const disks = [...journal.spec.devices, ...journal.departed.devices].flatMap(({ uid }) =>
    KERNEL_HBAS.map((hba) => kernelBackstoreName(hba, uid)),
  );
  return new Set([...sessions.map((session) => sessionWwn(session.uid)), ...backstores, ...disks]);
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
  const disks = new Set(observed.backstores.map(({ name }) => parseKernelBackstoreName(name)));
  const { devices, sessions, luns } = journal.departed;
  return {
    ...journal,
    departed: {
      devices: devices.filter(
        ({ uid }) =>
          disks.has(uid) ||
          engine === undefined ||
          engine.units.some((unit) => unit.uid === uid) ||
          !reclaimed.has(uid),
      ),
      sessions: sessions.filter(({ uid }) => wwns.has(sessionWwn(uid)) || left.some((pair) => pair.sessionUid === uid)),
      luns: luns.filter(({ uid }) => left.some((pair) => pair.lunUid === uid)),
    },
  };
}

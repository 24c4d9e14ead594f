// From the node's desired state to what the engine has to serve (pure).
import { sees } from '../../crds/lun-set.js';
import type { NodeDevice, NodeLun, NodeSession, ScstNodeSpec } from '../../crds/types.js';
import { backstoreName, FILE_HBA, fileBackstoreName, HBA } from '../lio/naming.js';
import type { EngineConfiguration, RingConfiguration, UnitConfiguration } from '../protocol/types.js';
import { PROTOCOL_VERSION } from '../protocol/types.js';

/** What an older controller didn't write, or an older journal doesn't hold. */
const ABSENT = { thinProvisioned: false, active: true } as const;

/** One LUN in one session: a ring, or a link to the device's file, and a SCSI device when all is done. */
export interface SessionLun {
  session: NodeSession;
  lun: NodeLun;
  device: NodeDevice;
  /** Names the pair, after its ring. */
  backstore: string;
}

/** Every (session, LUN) pair of the node in the order of the spec. */
export function sessionLuns(spec: ScstNodeSpec): SessionLun[] {
  const devices = new Map(spec.devices.map((device) => [device.uid, device]));
  return spec.sessions.flatMap((session) =>
    spec.luns
      .filter((lun) => sees(session, lun))
      .flatMap((lun) => {
        const device = devices.get(lun.device);
        return device === undefined ? [] : [{ session, lun, device, backstore: backstoreName(session.uid, lun.uid) }];
      }),
  );
}

/**
 * The units of the node with all their pairs, those of files among them (with FILE_HBA, for the journal): the wish, and
 * what was served before for as long as it is in the kernel, because the kernel asks the engine during the removal of a
 * ring, and holds the file of a backstore.
 * `inKernel`: of each pair there <hba>/<name>, and of each backstore of a file.
 */
export function servedUnits(
  spec: ScstNodeSpec,
  served: readonly UnitConfiguration[],
  inKernel: ReadonlySet<string>,
): UnitConfiguration[] {
  const units = new Map(wantedUnits(spec).map((unit) => [unit.uid, unit]));
  for (const old of served) {
    const unit = units.get(old.uid);
    const wanted = new Set(unit?.rings.map(ringPath));
    const retained = old.rings.filter((ring) => !wanted.has(ringPath(ring)) && inKernel.has(ringPath(ring)));
    const held = unit === undefined && inKernel.has(`${FILE_HBA}/${fileBackstoreName(old.uid)}`);
    if (retained.length > 0 || held) {
      units.set(old.uid, { ...(unit ?? old), rings: [...(unit?.rings ?? []), ...retained] });
    }
  }
  return [...units.values()];
}

/** What the engine has to serve of these units: it opens the file of a device that LIO serves, and nothing else. */
export function engineConfiguration(units: readonly UnitConfiguration[]): EngineConfiguration {
  return {
    protocolVersion: PROTOCOL_VERSION,
    units: units.map((unit) => ({ ...unit, rings: unit.rings.filter(({ hba }) => hba === HBA) })),
  };
}

/** The pairs that lead to a file which LIO serves, by the name of its backstore. */
export function pairsOfFiles(served: readonly UnitConfiguration[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    served.map(({ uid, rings }) => {
      const pairs = rings.filter(({ hba }) => hba === FILE_HBA).map(({ backstore }) => backstore);
      return [fileBackstoreName(uid), pairs];
    }),
  );
}

function ringPath({ hba, backstore }: Pick<RingConfiguration, 'hba' | 'backstore'>): string {
  return `${hba}/${backstore}`;
}

function wantedUnits(spec: ScstNodeSpec): UnitConfiguration[] {
  const targets = new Map(spec.targets.map((target) => [target.uid, target]));
  const rings = new Map<string, RingConfiguration[]>();
  for (const { session, lun, device, backstore } of sessionLuns(spec)) {
    const target = targets.get(session.target);
    if (target === undefined) continue;
    const ring: RingConfiguration = {
      hba: device.engine === 'kernel' ? FILE_HBA : HBA,
      backstore,
      sessionUid: session.uid,
      lunUid: lun.uid,
      target: target.scstName,
      session: session.scstName,
      lun: lun.lun,
      readOnly: lun.readOnly,
      transportId: session.transportId,
      scsiTransportVersion: target.scsiTransportVersion,
      physTransportVersion: target.physTransportVersion,
      relTgtId: target.relTgtId,
    };
    rings.set(device.uid, [...(rings.get(device.uid) ?? []), ring]);
  }
  return spec.devices.map((device) => ({
    uid: device.uid,
    name: device.name,
    generation: device.generation,
    handler: device.handler,
    vdiskFileio: { ...ABSENT, ...device.vdiskFileio },
    identity: device.identity,
    rings: rings.get(device.uid) ?? [],
  }));
}

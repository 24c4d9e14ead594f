// From the node's desired state to what the engine has to serve (pure).
import type { NodeDevice, NodeLun, NodeSession, ScstNodeSpec } from '../../crds/types.js';
import { backstoreName, HBA } from '../lio/naming.js';
import type { EngineConfiguration, RingConfiguration, UnitConfiguration } from '../protocol/types.js';
import { PROTOCOL_VERSION } from '../protocol/types.js';

/** What an older controller didn't write, or an older journal doesn't hold. */
const ABSENT = { thinProvisioned: false, active: true } as const;

/** One LUN in one session: a ring, and a SCSI device when all is done. */
export interface SessionLun {
  session: NodeSession;
  lun: NodeLun;
  device: NodeDevice;
  backstore: string;
}

/** Every (session, LUN) pair of the node in the order of the spec. */
export function sessionLuns(spec: ScstNodeSpec): SessionLun[] {
  const devices = new Map(spec.devices.map((device) => [device.uid, device]));
  return spec.sessions.flatMap((session) =>
    spec.luns
      .filter((lun) => lun.target === session.target)
      .flatMap((lun) => {
        const device = devices.get(lun.device);
        return device === undefined ? [] : [{ session, lun, device, backstore: backstoreName(session.uid, lun.uid) }];
      }),
  );
}

/**
 * What the engine has to serve: the wish, and what was served before for as long as its backstore is in the kernel,
 * because the kernel asks the engine during the removal.
 */
export function engineConfiguration(
  spec: ScstNodeSpec,
  served: readonly UnitConfiguration[],
  inKernel: ReadonlySet<string>,
): EngineConfiguration {
  const units = new Map(wantedUnits(spec).map((unit) => [unit.uid, unit]));
  for (const old of served) {
    const unit = units.get(old.uid);
    const wanted = new Set(unit?.rings.map((ring) => ring.backstore));
    const retained = old.rings.filter((ring) => !wanted.has(ring.backstore) && inKernel.has(ring.backstore));
    if (retained.length > 0) units.set(old.uid, { ...(unit ?? old), rings: [...(unit?.rings ?? []), ...retained] });
  }
  return { protocolVersion: PROTOCOL_VERSION, units: [...units.values()] };
}

function wantedUnits(spec: ScstNodeSpec): UnitConfiguration[] {
  const targets = new Map(spec.targets.map((target) => [target.uid, target]));
  const rings = new Map<string, RingConfiguration[]>();
  for (const { session, lun, device, backstore } of sessionLuns(spec)) {
    const target = targets.get(session.target);
    if (target === undefined) continue;
    const ring: RingConfiguration = {
      hba: HBA,
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

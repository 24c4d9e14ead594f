// From the node's desired state to what the engine has to serve (pure).
import { sees } from '../../crds/lun-set.js';
import type { NodeDevice, NodeLun, NodeSession, ScstNodeSpec } from '../../crds/types.js';
import { backstoreName, BLOCK_HBA, FILE_HBA, HBA, KERNEL_HBAS, kernelBackstoreName, type Hba } from '../lio/naming.js';
import type {
  EngineConfiguration,
  HandlerConfiguration,
  RingConfiguration,
  UnitConfiguration,
} from '../protocol/types.js';
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

/** A LUN in a session that only keeps its number taken: its device is a place holder, of which no SCSI device is made. */
export function placeHolders(spec: ScstNodeSpec): Pick<SessionLun, 'session' | 'lun'>[] {
  return pairsOf(spec).filter(({ device }) => isPlaceHolder(device));
}

/** Every (session, LUN) pair of the node that a SCSI device is made of, in the order of the spec. */
export function sessionLuns(spec: ScstNodeSpec): SessionLun[] {
  return pairsOf(spec).filter(({ device }) => !isPlaceHolder(device));
}

function isPlaceHolder({ vdiskNullio }: NodeDevice): boolean {
  return vdiskNullio?.dummy === true;
}

function pairsOf(spec: ScstNodeSpec): SessionLun[] {
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
 * The units of the node with all their pairs, those that LIO serves among them (for the journal): the wish, and
 * what was served before for as long as it is in the kernel, because the kernel asks the engine during the removal of a
 * ring, and holds the file of a backstore.
 * `inKernel`: of each pair there <hba>/<name>, and of each backstore that LIO serves.
 * `held`: names of pairs that stay with the device that they have, though another is wanted for them.
 */
export function servedUnits(
  spec: ScstNodeSpec,
  served: readonly UnitConfiguration[],
  inKernel: ReadonlySet<string>,
  held: ReadonlySet<string> = new Set(),
): UnitConfiguration[] {
  const wantedHere = wantedUnits(spec).map((unit) => {
    return { ...unit, rings: unit.rings.filter(({ backstore }) => !held.has(backstore)) };
  });
  const units = new Map(wantedHere.map((unit) => [unit.uid, unit]));
  const wanted = new Set(wantedHere.flatMap(({ rings }) => rings.map(ringPath)));
  for (const old of served) {
    const unit = units.get(old.uid);
    const retained = old.rings.filter((ring) => !wanted.has(ringPath(ring)) && inKernel.has(ringPath(ring)));
    const isHeld =
      unit === undefined && KERNEL_HBAS.some((hba) => inKernel.has(`${hba}/${kernelBackstoreName(hba, old.uid)}`));
    if (retained.length > 0 || isHeld) {
      units.set(old.uid, { ...(unit ?? old), rings: [...(unit?.rings ?? []), ...retained] });
    }
  }
  return [...units.values()];
}

/** What the engine has to serve of these units: it opens and sizes the backing of a device that LIO serves, and nothing else. */
export function engineConfiguration(units: readonly UnitConfiguration[]): EngineConfiguration {
  return {
    protocolVersion: PROTOCOL_VERSION,
    units: units.map((unit) => {
      const rings = unit.rings.filter(({ hba }) => hba === HBA);
      return { ...unit, ...claiming(unit, rings), rings };
    }),
  };
}

/** Where the engine still serves what LIO is to serve, it keeps the block device until then. */
function claiming({ vdiskBlockio }: UnitConfiguration, rings: readonly RingConfiguration[]) {
  if (vdiskBlockio === undefined) return {};
  return { vdiskBlockio: { ...vdiskBlockio, claim: vdiskBlockio.claim || rings.length > 0 } };
}

/** The pairs that lead to what LIO serves, by the name of its backstore. */
export function pairsOfKernelDisks(served: readonly UnitConfiguration[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    served.flatMap(({ uid, rings }) =>
      KERNEL_HBAS.map((hba) => {
        const pairs = rings.filter((ring) => ring.hba === hba).map(({ backstore }) => backstore);
        return [kernelBackstoreName(hba, uid), pairs] as const;
      }),
    ),
  );
}

/** Where its (session, LUN) pairs lead to. */
export function deviceHba({ engine, handler }: Pick<NodeDevice, 'engine' | 'handler'>): Hba {
  if (engine === 'tcmu') return HBA;
  return handler === 'vdiskBlockio' ? BLOCK_HBA : FILE_HBA;
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
      hba: deviceHba(device),
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
      ...(lun.announced === false && { takenOverSilently: true }),
    };
    rings.set(device.uid, [...(rings.get(device.uid) ?? []), ring]);
  }
  return spec.devices.map((device) => ({
    uid: device.uid,
    name: device.name,
    generation: device.generation,
    ...handlerOf(device),
    identity: device.identity,
    rings: rings.get(device.uid) ?? [],
  }));
}

function handlerOf({
  handler,
  engine,
  sharing,
  vdiskFileio,
  vdiskBlockio,
  vdiskNullio,
}: NodeDevice): HandlerConfiguration {
  return {
    handler,
    ...(sharing === 'Shared' && { sharedMedium: true }),
    ...(vdiskFileio !== undefined && { vdiskFileio: { ...ABSENT, ...vdiskFileio } }),
    ...(vdiskBlockio !== undefined && { vdiskBlockio: { ...vdiskBlockio, claim: engine === 'tcmu' } }),
    ...(vdiskNullio !== undefined && { vdiskNullio }),
  };
}

// LUNs whose ScstDevice was replaced by another one: what has yet to change hands, and when it may (pure).
import { HBA } from '../lio/naming.js';
import type { EngineStatus, RingStatus, UnitConfiguration } from '../protocol/types.js';
import { deviceHba, sessionLuns } from './engine-configuration.js';
import type { LunProblem } from './status.js';
import type { ScstNodeSpec } from '../../crds/types.js';

/** A (session, LUN) pair that is served as one device and wanted as another, both by our engine. */
export interface Replacement {
  backstore: string;
  /** uid of the device that is wanted. */
  device: string;
  /** Its name. */
  name: string;
  /** The objects say that both hold the same data, so whoever uses the disk needn't notice. */
  sameData: boolean;
}

/**
 * What LIO serves, before or after, is unlinked and linked anew instead: then the SCSI device goes and comes.
 * `inKernel`: of each pair there <hba>/<name>.
 */
export function pendingReplacements(
  spec: ScstNodeSpec,
  served: readonly UnitConfiguration[],
  inKernel: ReadonlySet<string>,
): Replacement[] {
  const servedAs = new Map(
    served.flatMap(({ uid, rings }) => rings.map((ring) => [`${ring.hba}/${ring.backstore}`, uid])),
  );
  return sessionLuns(spec).flatMap(({ lun, device, backstore }) => {
    const path = `${HBA}/${backstore}`;
    const before = servedAs.get(path);
    if (deviceHba(device) !== HBA || !inKernel.has(path) || before === undefined || before === device.uid) return [];
    return [{ backstore, device: device.uid, name: device.name, sameData: lun.sameData ?? false }];
  });
}

/** The engine has been told to: it serves the pair as the device that is wanted, or is about to. */
export function isUnderWay({ device, backstore }: Replacement, { units }: EngineStatus): boolean {
  return units.some(({ uid, rings }) => uid === device && hasRing(rings, backstore));
}

/** The engine serves the pair as the device that is wanted, and as no other. */
export function isDone(replacement: Replacement, engine: EngineStatus): boolean {
  const former = engine.units.filter(({ uid }) => uid !== replacement.device);
  return isUnderWay(replacement, engine) && !former.some(({ rings }) => hasRing(rings, replacement.backstore));
}

function hasRing(rings: readonly RingStatus[], backstore: string): boolean {
  return rings.some((ring) => ring.hba === HBA && ring.backstore === backstore);
}

const UNTIL = 'until then the LUN stays with the device that it had';

export function waitsForEngine({ name }: Replacement): LunProblem {
  const message = `replacing the device by ${name} waits for the engine; ${UNTIL}`;
  return { state: 'Pending', reason: 'EngineUnavailable', message };
}

/** Why the device that is wanted can't serve yet; undefined when it can. */
export function notYetServing(replacement: Replacement, engine: EngineStatus | undefined): LunProblem | undefined {
  if (engine === undefined) return waitsForEngine(replacement);
  const { device, name } = replacement;
  const unit = engine.units.find(({ uid }) => uid === device);
  if (unit?.state === 'Ready' && unit.size !== undefined) return undefined;
  const message = `replacing the device by ${name} waits for it: ${unit?.message ?? 'it is being opened'}; ${UNTIL}`;
  return { state: 'Pending', reason: unit?.reason ?? 'UnitNotReady', message };
}

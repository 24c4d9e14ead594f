// planNode: what one node should realise, and what keeps objects from being realised there. Pure.
import type {
  NodeDevice,
  NodeLun,
  NodeSession,
  NodeTarget,
  ScstLun,
  ScstNodeSpec,
  ScstSession,
  ScstTarget,
} from '../../crds/types.js';
import { Capacity } from './capacity.js';
import { DeviceEntries } from './device-entries.js';
import { groupOf, hasGroup } from './groups.js';
import { preferredRelTgtId, sessionTransportId } from './identity.js';
import { lunRefusal } from './kernel-engine.js';
import { namesOf, type Index } from './object-index.js';
import { byAge, byName, compare, finding, generationOf, scstNameOf, uidOf, type Finding } from './objects.js';
import { live, lunHolders, lunsOf, sessionsOf } from './placement.js';
import { placeSessions } from './session-placement.js';
import { InvalidTransportId, parseTransportId } from './transport-id.js';
import { physicalTransport, scsiTransport } from './version-descriptors.js';

const MAX_REL_TGT_ID = 65_535;

/** The compiled part of ScstNode.spec; the rest belongs to the protocol. */
export type PlannedSpec = Omit<ScstNodeSpec, 'nodeUID' | 'epoch' | 'tombstones'>;

export interface NodePlan {
  /** Lists in the order of names; every reference is to an entry of the same plan. */
  readonly spec: PlannedSpec;
  /** What holds on this node only; `objectFindings` has the rest. */
  readonly findings: readonly Finding[];
  /** uids of devices, sessions and LUNs on this node that are refused and so have no entry, or keep their previous one. */
  readonly refused: readonly string[];
  /** uid of every entry, and the generation that it stands for. */
  readonly generations: ReadonlyMap<string, number>;
}

/** Entries of a node by their uids. */
export interface KeptEntries {
  readonly devices: ReadonlyMap<string, NodeDevice>;
  readonly sessions: ReadonlyMap<string, NodeSession>;
  readonly luns: ReadonlyMap<string, NodeLun>;
}

export interface PlanOptions {
  /** Made once for each installation. */
  readonly setupId: string;
  /** What the node has now. What is refused after an edit keeps its entry: a typing error takes no disk away. */
  readonly kept?: KeptEntries;
  /**
   * uids of devices that the node has now. One with reclaimPolicy Delete stays until it is deleted, even when no LUN
   * exposes it any more: otherwise the order of deletions would decide whether its backing file goes.
   */
  readonly present?: ReadonlySet<string>;
}

/** Compiles the state of one node. A node that isn't in the index gets an empty one. */
export function planNode(index: Index, node: string, options: PlanOptions): NodePlan {
  const findings: Finding[] = [];
  const capacity = new Capacity();
  const targets = placeTargets(index, node, options.setupId, capacity, findings);
  const devices = new DeviceEntries(index, node, options, findings);
  const candidates: (ScstSession | ScstLun)[] = [];
  for (const { name } of targets.values()) {
    candidates.push(...placeSessions(sessionsOf(index, name), node, findings));
    const holders = [...lunHolders(lunsOf(index, name)).values()];
    candidates.push(...holders.filter(({ spec }) => hasGroup(index.targets.get(name), spec.group)));
  }
  const retained = retainedDevices(index, options.present);
  devices.admit(
    candidates.filter((candidate) => candidate.kind === 'ScstLun'),
    retained,
  );

  const refused: string[] = [];
  const sessions: NodeSession[] = [];
  const luns: NodeLun[] = [];
  for (const object of candidates.sort(byAge)) {
    const target = targets.get(object.spec.target);
    if (target === undefined) {
      continue;
    }
    if (object.kind === 'ScstSession') {
      const entry = admitSession(index, object, target, node, options, { findings, refused });
      if (entry !== undefined && capacity.addSession(entry)) {
        sessions.push(entry);
      } else if (entry !== undefined) {
        findings.push(finding(object, 'NodeFull', capacity.problem, node));
      }
      continue;
    }
    const admitted = admitLun(object, target, index, devices, node, options, { findings, refused });
    if (admitted === undefined) {
      continue;
    }
    if (capacity.addLun(admitted.entry, admitted.device)) {
      luns.push(admitted.entry);
      devices.use(admitted.device);
    } else {
      findings.push(finding(object, 'NodeFull', capacity.problem, node));
    }
  }

  devices.retain(retained);
  const spec: PlannedSpec = {
    setupId: options.setupId,
    devices: devices.used().sort(byName),
    targets: [...targets.values()].sort(byName),
    sessions: sessions.sort(byName),
    luns: luns.sort(byName),
  };
  const entries = [...spec.devices, ...spec.targets, ...spec.sessions, ...spec.luns];
  return {
    spec,
    findings: findings.sort((a, b) => byName(a, b)),
    refused: [...devices.refused, ...refused],
    generations: new Map(entries.map(({ uid, generation }) => [uid, generation])),
  };
}

/** Every node's plan, by the node's name. */
export function planAll(index: Index, options: PlanOptions): Map<string, NodePlan> {
  return new Map([...index.nodes.keys()].sort(compare).map((name) => [name, planNode(index, name, options)]));
}

function retainedDevices(index: Index, present: ReadonlySet<string> = new Set()): string[] {
  return live(index.devices, new Set(present.size === 0 ? [] : index.devices.keys()))
    .filter((device) => present.has(uidOf(device)) && device.spec.reclaimPolicy === 'Delete')
    .map((device) => device.metadata.name);
}

/** The targets of the node by name; of two with one scstName or one explicit relTgtId the older. */
function placeTargets(
  index: Index,
  node: string,
  setupId: string,
  capacity: Capacity,
  findings: Finding[],
): Map<string, NodeTarget> {
  const names = new Map<string, string>();
  const identifiers = new Map<number, string>();
  const accepted: ScstTarget[] = [];
  for (const target of live(index.targets, namesOf(index.targetsByNode, node))) {
    const { name } = target.metadata;
    const [scstName, { relTgtId }] = [scstNameOf(target), target.spec];
    const sameName = names.get(scstName);
    const sameIdentifier = relTgtId === undefined ? undefined : identifiers.get(relTgtId);
    if (sameName !== undefined) {
      findings.push(
        finding(target, 'NameConflict', `scstName ${scstName} belongs to the older ScstTarget ${sameName}`, node),
      );
    } else if (sameIdentifier !== undefined) {
      const message = `relTgtId ${String(relTgtId)} belongs to the older ScstTarget ${sameIdentifier}`;
      findings.push(finding(target, 'RelTgtIdConflict', message, node));
    } else if (!capacity.addTarget(target)) {
      findings.push(finding(target, 'NodeFull', capacity.problem, node));
    } else {
      accepted.push(target);
      names.set(scstName, name);
      if (relTgtId !== undefined) {
        identifiers.set(relTgtId, name);
      }
    }
  }
  const entries = new Map<string, NodeTarget>();
  for (const target of accepted) {
    let relTgtId = target.spec.relTgtId ?? preferredRelTgtId(setupId, scstNameOf(target));
    while (target.spec.relTgtId === undefined && identifiers.has(relTgtId)) {
      relTgtId = (relTgtId % MAX_REL_TGT_ID) + 1;
    }
    identifiers.set(relTgtId, target.metadata.name);
    entries.set(target.metadata.name, {
      ...source(target),
      scstName: scstNameOf(target),
      scsiTransportVersion: scsiTransport(target.spec.scsiTransportVersion),
      physTransportVersion: physicalTransport(target.spec.physTransportVersion),
      relTgtId,
    });
  }
  return entries;
}

/** The entry of a session; one that is refused keeps that which it has, as long as its group is there. */
function admitSession(
  index: Index,
  session: ScstSession,
  target: NodeTarget,
  node: string,
  { setupId, kept }: PlanOptions,
  { findings, refused }: { findings: Finding[]; refused: string[] },
): NodeSession | undefined {
  const object = index.targets.get(session.spec.target);
  const entry = sessionEntry(session, target, object, setupId, node);
  if (!('reason' in entry)) {
    return entry;
  }
  findings.push(entry);
  refused.push(uidOf(session));
  const former = kept?.sessions.get(uidOf(session));
  return former?.target === target.uid && hasGroup(object, former.group) ? former : undefined;
}

function sessionEntry(
  session: ScstSession,
  target: NodeTarget,
  object: ScstTarget | undefined,
  setupId: string,
  node: string,
): NodeSession | Finding {
  const scstName = scstNameOf(session);
  const choice = object === undefined ? {} : groupOf(object, scstName);
  if ('conflict' in choice) {
    const groups = choice.conflict.join(', ');
    const message = `the groups ${groups} of ScstTarget ${target.name} all match it; only one may`;
    return finding(session, 'GroupConflict', message, node);
  }
  const { transportId, deletionPolicy } = session.spec;
  try {
    return {
      ...source(session),
      scstName,
      target: target.uid,
      ...choice,
      transportId:
        transportId === undefined
          ? sessionTransportId(setupId, target.scstName, scstName, node)
          : parseTransportId(transportId),
      force: deletionPolicy === 'Force',
    };
  } catch (error) {
    if (error instanceof InvalidTransportId) {
      return finding(session, 'InvalidTransportId', error.message, node);
    }
    throw error;
  }
}

/** An edit that names a device which can't be had, or asks for what can't be done, leaves the LUN as it is on the node. */
function admitLun(
  lun: ScstLun,
  target: NodeTarget,
  index: Index,
  devices: DeviceEntries,
  node: string,
  options: PlanOptions,
  { findings, refused }: { findings: Finding[]; refused: string[] },
): { entry: NodeLun; device: NodeDevice } | undefined {
  const former = options.kept?.luns.get(uidOf(lun));
  const device = devices.of(lun);
  if (device === undefined) {
    refused.push(uidOf(lun));
    const formerDevice = former && devices.former(former.device, lun);
    return former && formerDevice && { entry: former, device: formerDevice };
  }
  const refusal = lunRefusal(lun, device, index.targets.get(lun.spec.target));
  if (refusal === undefined) {
    return { entry: lunEntry(lun, target.uid, device.uid), device };
  }
  refused.push(uidOf(lun));
  findings.push(finding(lun, 'AttributeNotSupported', refusal, node));
  // One that another engine served read-only would be writable by this one.
  return former === undefined || former.readOnly || former.device !== device.uid
    ? undefined
    : { entry: former, device };
}

function lunEntry(lun: ScstLun, target: string, device: string): NodeLun {
  return {
    ...source(lun),
    target,
    lun: lun.spec.lun,
    device,
    ...(lun.spec.group === undefined ? {} : { group: lun.spec.group }),
    readOnly: lun.spec.readOnly ?? false,
    ...(lun.spec.replacement?.sameData === true && { sameData: true }),
    ...(lun.spec.replacement?.unitAttention === false && { announced: false }),
    force: lun.spec.deletionPolicy === 'Force',
  };
}

function source(object: ScstTarget | ScstSession | ScstLun): { name: string; uid: string; generation: number } {
  return { name: object.metadata.name, uid: uidOf(object), generation: generationOf(object) };
}

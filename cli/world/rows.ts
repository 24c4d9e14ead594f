// The LUNs, sessions and objects of a world in the order of names, as lists print them. Pure.
import { sees } from '../../crds/lun-set.js';
import type {
  EntryState,
  NodeDevice,
  NodeLun,
  NodeLunStatus,
  NodeSession,
  NodeSessionStatus,
  NodeTarget,
  UserObject,
} from '../../crds/types.js';
import { compare } from '../../operator/plan/objects.js';
import type { NodeView, World } from './world.js';

/** A LUN in a session on a node. */
export interface LunRow {
  node: string;
  target: NodeTarget;
  session: NodeSession;
  lun: NodeLun;
  device: NodeDevice | undefined;
  /** What the agent says of it. */
  status: NodeLunStatus | undefined;
}

export interface SessionRow {
  session: NodeSession;
  status: NodeSessionStatus | undefined;
  luns: LunRow[];
}

export interface TargetRow {
  target: NodeTarget;
  sessions: SessionRow[];
}

/** The targets of a node with their sessions and LUNs. */
export function targetRows({ name, spec, status }: NodeView): TargetRow[] {
  const devices = new Map(spec?.devices.map((device) => [device.uid, device]));
  const statuses = new Map(status?.luns?.map((each) => [`${each.session}/${each.uid}`, each]));
  const sessionStatuses = new Map(status?.sessions?.map((each) => [each.uid, each]));
  return byScstName(spec?.targets ?? []).map((target) => ({
    target,
    sessions: byScstName((spec?.sessions ?? []).filter((session) => session.target === target.uid)).map((session) => ({
      session,
      status: sessionStatuses.get(session.uid),
      luns: (spec?.luns ?? [])
        .filter((lun) => sees(session, lun))
        .sort((a, b) => a.lun - b.lun)
        .map((lun) => ({
          node: name,
          target,
          session,
          lun,
          device: devices.get(lun.device),
          status: statuses.get(`${session.uid}/${lun.uid}`),
        })),
    })),
  }));
}

/** Every LUN of every node. */
export function lunRows({ nodes }: World): LunRow[] {
  return nodes.flatMap((node) => targetRows(node).flatMap(({ sessions }) => sessions.flatMap(({ luns }) => luns)));
}

/** An object and how far it is. */
export interface ObjectRow {
  object: UserObject;
  state: string;
  reason: string;
  message: string;
}

/** The users' objects with the cluster's conditions, or on a lone node with what its agent found. */
export function objectRows(world: World): ObjectRow[] {
  return [...world.objects]
    .sort((a, b) => compare(a.kind, b.kind) || compare(a.metadata.name, b.metadata.name))
    .map((object) => ({ object, ...(world.kind === 'cluster' ? conditionOf(object) : foundOf(object, world)) }));
}

function conditionOf({ status }: UserObject): Omit<ObjectRow, 'object'> {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined)
    return { state: 'Pending', reason: 'NotSeen', message: 'the controller hasn’t looked at it yet' };
  const state = { True: 'Ready', False: 'NotReady', Unknown: 'Unknown' }[ready.status];
  return { state, reason: ready.reason, message: ready.message };
}

function foundOf({ kind, metadata: { name, uid } }: UserObject, world: World): Omit<ObjectRow, 'object'> {
  const finding = world.manifests?.findings.find((each) => each.kind === kind && each.name === name);
  if (finding !== undefined) return { state: 'NotReady', reason: finding.reason, message: finding.message };
  const { devices, targets, sessions, luns } = world.nodes[0]?.status ?? {};
  const entries = [devices, targets, sessions, luns].flatMap((list) => list ?? []).filter((entry) => entry.uid === uid);
  const worst = entries.find(({ state }) => state !== 'Ready') ?? entries[0];
  if (worst === undefined) return { state: 'Pending', reason: 'Applying', message: 'the agent has yet to make it' };
  const { state, reason = '', message = '' } = worst;
  return { state: state satisfies EntryState, reason, message };
}

function byScstName<T extends { scstName: string }>(list: readonly T[]): T[] {
  return [...list].sort((a, b) => compare(a.scstName, b.scstName));
}

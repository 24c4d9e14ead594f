// The places where an object should be realised, and how far each is: a node, or for a LUN a session on a node.
import type {
  EntryState,
  EntryStatus,
  NodeDeviceStatus,
  NodeLunStatus,
  NodeSessionStatus,
  ScstNode,
} from '../../crds/types.js';
import { sees } from '../../crds/lun-set.js';
import { compare, generationOf, uidOf, type UserObject } from '../plan/objects.js';
import type { NodePlan } from '../plan/plan-node.js';
import { footprintOf } from './footprint.js';
import type { NodeView } from './release.js';

/** What an agent says about an entry, of whatever list. */
export type EntryReport = EntryStatus & Partial<NodeDeviceStatus & NodeSessionStatus & NodeLunStatus>;

/** One place of an object. `entry` is what the agent said about it, when it said anything. */
export interface Unit {
  node: string;
  /** Name of the session, for a LUN. */
  session?: string;
  state: EntryState;
  reason?: string;
  message?: string;
  entry?: EntryReport;
}

/** The places of an object that the plans have it in, ordered by node and session. */
export function unitsOf(
  object: UserObject,
  planned: ReadonlyMap<string, NodePlan>,
  views: ReadonlyMap<string, NodeView>,
): Unit[] {
  const units: Unit[] = [];
  for (const [node, plan] of planned) {
    const view = views.get(node) ?? { name: node, agent: { state: 'NeverSeen' } };
    for (const session of sessionsIn(object, plan)) {
      const entry = entryOf(object, view.scstNode, session?.uid);
      units.push({
        node,
        ...(session === undefined ? {} : { session: session.name }),
        ...judge(object, view, entry),
        ...(entry === undefined ? {} : { entry }),
      });
    }
  }
  return units.sort((a, b) => compare(a.node, b.node) || compare(a.session ?? '', b.session ?? ''));
}

function sessionsIn(object: UserObject, plan: NodePlan): ({ uid: string; name: string } | undefined)[] {
  if (object.kind !== 'ScstLun') {
    return [undefined];
  }
  const target = plan.spec.targets.find(({ name }) => name === object.spec.target)?.uid;
  if (target === undefined) {
    return [];
  }
  return plan.spec.sessions.filter((session) => sees(session, { target, group: object.spec.group }));
}

function entryOf(object: UserObject, node: ScstNode | undefined, session: string | undefined): EntryReport | undefined {
  const reports = node === undefined ? undefined : footprintOf(node).reports.get(uidOf(object));
  return reports?.find((report) => report.session === session);
}

function judge(
  object: UserObject,
  { scstNode, agent }: NodeView,
  entry: EntryReport | undefined,
): Pick<Unit, 'state' | 'reason' | 'message'> {
  if (agent.state === 'Unknown') {
    return { state: 'Unknown', reason: 'NodeUnreachable', message: 'the agent of the node has stopped reporting' };
  }
  if (agent.state === 'NeverSeen') {
    return { state: 'Pending', reason: 'NoAgent', message: 'no agent runs on the node' };
  }
  // An echo only counts for an entry that the node still has: after it was taken out and put in again an old echo says nothing.
  const wanted = scstNode !== undefined && footprintOf(scstNode).entries.has(uidOf(object));
  if (!wanted || entry === undefined) {
    return { state: 'Pending', reason: 'Applying', message: 'the node has yet to report it' };
  }
  if (entry.state === 'Ready' && entry.generation < generationOf(object)) {
    return { state: 'Pending', reason: 'Applying', message: `the node has generation ${entry.generation}` };
  }
  const { state, reason, message } = entry;
  return { state, ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
}

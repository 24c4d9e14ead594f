// When the finalizer of a deleted object may go: no node may still hold anything of it, but for nodes that are long gone.
import type { ScstNode } from '../../crds/types.js';
import { compare, type ClusterNode } from '../plan/objects.js';
import { isCaughtUp } from '../plan/tombstones.js';
import { footprintOf } from './footprint.js';

/** What the controller knows of the agent of a node. */
export type AgentHealth =
  | { state: 'Alive' }
  /** Its Lease expired or its Node is NotReady; `since` in milliseconds of the clock that `now` is read from. */
  | { state: 'Unknown'; since: number }
  /** No Lease and no status: no agent ever ran there, because it makes its Lease before anything else. */
  | { state: 'NeverSeen' };

/** One node as the controller sees it: a Node, a ScstNode, or both. */
export interface NodeView {
  name: string;
  node?: ClusterNode;
  scstNode?: ScstNode;
  /** Highest metadata.generation that this process's own writes of this ScstNode were answered with. */
  writtenGeneration?: number;
  /** A write of this process to the ScstNode is on its way, or its outcome isn't known: it may bring an entry that nobody sees yet. */
  writing?: boolean;
  agent: AgentHealth;
}

/** Why a node holds up a release. */
export interface Hold {
  node: string;
  reason: 'NotFenced' | 'EntryPresent' | 'NoReport' | 'Detaching';
  message: string;
  /** When time alone ends it, in milliseconds of the clock that `now` is read from. */
  until?: number;
}

export interface ReleaseOptions {
  /** leaseTransitions of the Lease that this process leads by. */
  epoch: number;
  /** Milliseconds. */
  now: number;
  gracePeriodMs: number;
}

/** What holds up the release of a deleted object; it may be released when nothing does. */
export function releaseHolds(uid: string, nodes: Iterable<NodeView>, options: ReleaseOptions): Hold[] {
  const holds: Hold[] = [];
  for (const view of nodes) {
    const hold = holdOf(uid, view, options);
    if (hold !== undefined) {
      holds.push(hold);
    }
  }
  return holds.sort((a, b) => compare(a.node, b.node));
}

/** Whether the finalizer of a deleted object may go. */
export function mayRelease(uid: string, nodes: Iterable<NodeView>, options: ReleaseOptions): boolean {
  return releaseHolds(uid, nodes, options).length === 0;
}

function holdOf(uid: string, view: NodeView, { epoch, now, gracePeriodMs }: ReleaseOptions): Hold | undefined {
  const { name: node, scstNode, agent } = view;
  const unseen = unseenPart(view, epoch);
  if (unseen !== undefined) {
    return { node, reason: 'NotFenced', message: unseen };
  }
  if (scstNode !== undefined) {
    const footprint = footprintOf(scstNode);
    if (footprint.entries.has(uid)) {
      return { node, reason: 'EntryPresent', message: 'its desired state still has it' };
    }
  } else if (view.node === undefined) {
    return undefined;
  }
  if (agent.state === 'NeverSeen') {
    return undefined;
  }
  const until = agent.state === 'Unknown' ? { until: agent.since + gracePeriodMs } : {};
  if (until.until !== undefined && until.until <= now) {
    return undefined;
  }
  if (scstNode?.status?.observedGeneration === undefined) {
    return { node, reason: 'NoReport', message: 'its agent has not reported yet', ...until };
  }
  const { tombstones, held } = footprintOf(scstNode);
  if (held.has(uid) || (tombstones.has(uid) && !isCaughtUp(scstNode))) {
    const message = detachingMessage(scstNode, uid) ?? 'it is being detached there';
    return {
      node,
      reason: 'Detaching',
      message: agent.state === 'Unknown' ? `${message} (node unreachable)` : message,
      ...until,
    };
  }
  return undefined;
}

/** Why the desired state of a node may hold more than the cache shows; undefined when it can't. */
function unseenPart({ scstNode, writing, writtenGeneration = 0 }: NodeView, epoch: number): string | undefined {
  if (writing === true) {
    return 'a write of its desired state is on its way';
  }
  // Before this leader has written the ScstNode, or while the cache is behind that write, somebody's entry may be there
  // unseen; so it may where this leader has made the ScstNode and the cache doesn't show it.
  const fenced =
    scstNode === undefined
      ? writtenGeneration === 0
      : scstNode.spec.epoch === epoch && (scstNode.metadata.generation ?? 0) >= writtenGeneration;
  return fenced ? undefined : 'its desired state is yet to be read again';
}

/** What the agent says about it: who uses the device, most often. */
function detachingMessage(scstNode: ScstNode, uid: string): string | undefined {
  const entry = footprintOf(scstNode)
    .reports.get(uid)
    ?.find(({ message }) => message !== undefined);
  return entry === undefined
    ? undefined
    : [entry.path, entry.reason, entry.message].filter((part) => part !== undefined).join(': ');
}

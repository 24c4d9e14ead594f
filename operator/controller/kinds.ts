// The kinds that the controller watches, and the names that it writes under.
import { GROUP, PLURALS, VERSION, type Kind } from '../../crds/names.js';
import type { ScstNode } from '../../crds/types.js';
import type { UserKind, UserObject } from '../plan/objects.js';
import type { ApiObject, Resource } from '../kube/resources.js';

export type { UserKind, UserObject };
export type ScstNodeObject = ScstNode;
export interface NodeObject extends ApiObject {
  status?: { conditions?: { type: string; status: string }[] };
}

export function resourceOf(kind: Kind): Resource {
  return { group: GROUP, version: VERSION, plural: PLURALS[kind], kind };
}
export const SCST_NODES = resourceOf('ScstNode');

export const SPEC_MANAGER = 'scst-controller';
export const STATUS_MANAGER = 'scst-status';
export const FINALIZER_MANAGER = 'scst-finalizer';

/** Name of the Lease that the leader holds; the Leases of agents are named like their nodes. */
export const LEADER_LEASE = 'scst-operator';
export const SETUP_CONFIG_MAP = 'scst-setup';
/** The API server takes Events about cluster-scoped objects in this namespace only. */
export const EVENT_NAMESPACE = 'default';
export const EVENT_CONTROLLER = 'scst.dev/operator';

/** A key of the work queue: `node/NAME`, or `KIND/NAME` of a user object. */
export function keyOf(kind: UserKind | 'node', name: string): string {
  return `${kind}/${name}`;
}

export function parseKey(key: string): { kind: UserKind | 'node'; name: string } {
  const slash = key.indexOf('/');
  return { kind: key.slice(0, slash) as UserKind | 'node', name: key.slice(slash + 1) };
}

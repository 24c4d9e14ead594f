// Objects for the tests of plan and roll-up: short to write, complete as the API server would hold them.
import { API_VERSION, FINALIZER } from '../../crds/names.js';
import type { ScstDevice, ScstLun, ScstSession, ScstTarget, UserObject } from '../../crds/types.js';
import type { Change, ClusterNode } from '../../operator/plan/objects.js';

export const SETUP_ID = '5c57aaaa-0000-4000-8000-000000000001';

/** Seconds after the beginning of the tests' time, as a timestamp. */
export function at(seconds: number): string {
  return new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString().replace('.000Z', 'Z');
}

export interface Meta {
  /** Default: the kind and name. */
  uid?: string;
  generation?: number;
  /** Seconds, for the age. */
  created?: number;
  deleting?: boolean;
  /** Default: true. */
  finalizer?: boolean;
}

function metadata(kind: string, name: string, meta: Meta): UserObject['metadata'] {
  const { uid = `${kind}-${name}`, generation = 1, created = 0, deleting = false, finalizer = true } = meta;
  return {
    name,
    uid,
    generation,
    creationTimestamp: at(created),
    ...(deleting ? { deletionTimestamp: at(created + 1) } : {}),
    ...(finalizer ? { finalizers: [FINALIZER] } : {}),
  };
}

export function device(name: string, spec: Partial<ScstDevice['spec']> = {}, meta: Meta = {}): ScstDevice {
  const vdiskFileio = { filename: `/var/lib/scst/${name}.img`, size: '1Mi' };
  return {
    apiVersion: API_VERSION,
    kind: 'ScstDevice',
    metadata: metadata('device', name, meta),
    spec: { vdiskFileio, ...spec },
  };
}

export function target(name: string, spec: ScstTarget['spec'], meta: Meta = {}): ScstTarget {
  return { apiVersion: API_VERSION, kind: 'ScstTarget', metadata: metadata('target', name, meta), spec };
}

export function session(name: string, spec: ScstSession['spec'], meta: Meta = {}): ScstSession {
  return { apiVersion: API_VERSION, kind: 'ScstSession', metadata: metadata('session', name, meta), spec };
}

export function lun(name: string, spec: ScstLun['spec'], meta: Meta = {}): ScstLun {
  return { apiVersion: API_VERSION, kind: 'ScstLun', metadata: metadata('lun', name, meta), spec };
}

export function node(name: string, labels: Record<string, string> = {}, created = 0): ClusterNode {
  return { name, uid: `node-${name}`, labels, creationTimestamp: at(created) };
}

/** The change that brings an object or node, or a new version of it. */
export function put(object: UserObject | ClusterNode): Change {
  return 'kind' in object
    ? { kind: object.kind, name: object.metadata.name, object }
    : { kind: 'Node', name: object.name, object };
}

/** One disk on node n1, as in the quick start. */
export function quickstart(): UserObject[] {
  return [
    device('disk'),
    target('tgt', { nodeName: 'n1' }),
    session('host', { target: 'tgt' }),
    lun('disk', { target: 'tgt', lun: 0, device: 'disk' }),
  ];
}

// The words of plan and roll-up: nodes, changes, keys of objects, findings, and which of two objects is the older.
import { FINALIZER } from '../../crds/names.js';
import type { UserKind, UserObject } from '../../crds/types.js';

export type { UserKind, UserObject };

/** What the plan needs of a Kubernetes Node. */
export interface ClusterNode {
  name: string;
  /** metadata.uid of the Node. */
  uid: string;
  labels: Readonly<Record<string, string>>;
  /** RFC 3339. */
  creationTimestamp?: string;
}

/** Names an object that users write. */
export interface ObjectKey {
  kind: UserKind;
  name: string;
}

/** An object as it is now, or that it is gone (`object` absent). */
export type Change =
  | { kind: 'ScstDevice' | 'ScstTarget' | 'ScstSession' | 'ScstLun'; name: string; object?: UserObject }
  | { kind: 'Node'; name: string; object?: ClusterNode };

/** Why an object isn't realised as it stands; one word that ends up as the reason of a condition. */
export type FindingReason =
  | 'TargetNotFound'
  | 'DeviceNotFound'
  | 'NodeNotFound'
  | 'NoNodeMatches'
  | 'NoSession'
  | 'NotExposed'
  | 'HandlerNotAvailable'
  | 'AttributeNotSupported'
  | 'InvalidSize'
  | 'SizeNotMultiple'
  | 'DeviceRefused'
  | 'LunConflict'
  | 'NameConflict'
  | 'IdentityConflict'
  | 'RelTgtIdConflict'
  | 'TransportIdConflict'
  | 'InvalidTransportId'
  | 'GroupNotFound'
  | 'GroupConflict'
  | 'ExclusivePlacement'
  | 'NodeFull';

/** Something that keeps an object from being realised, everywhere or (`node`) on one node. */
export interface Finding extends ObjectKey {
  uid: string;
  node?: string;
  reason: FindingReason;
  message: string;
}

/** A finding about an object. */
export function finding(object: UserObject, reason: FindingReason, message: string, node?: string): Finding {
  return {
    kind: object.kind,
    name: object.metadata.name,
    uid: uidOf(object),
    ...(node === undefined ? {} : { node }),
    reason,
    message,
  };
}

/** metadata.uid; empty only for an object that no API server and no directory source has seen. */
export function uidOf(object: UserObject): string {
  return object.metadata.uid ?? '';
}

/** metadata.generation. */
export function generationOf(object: UserObject): number {
  return object.metadata.generation ?? 0;
}

/** The name in SCST's own terms. */
export function scstNameOf(object: { metadata: { name: string }; spec: { scstName?: string } }): string {
  return object.spec.scstName ?? object.metadata.name;
}

/** Whether the object is being deleted. */
export function isDeleting(object: UserObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** Whether the object carries our finalizer. */
export function hasFinalizer(object: UserObject): boolean {
  return object.metadata.finalizers?.includes(FINALIZER) ?? false;
}

/** Orders by age: creationTimestamp, then name, then kind. Of two objects in conflict the first keeps working. */
export function byAge(a: UserObject, b: UserObject): number {
  return (
    compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
    compare(a.metadata.name, b.metadata.name) ||
    compare(a.kind, b.kind)
  );
}

/** Orders by name. */
export function byName(a: { name: string }, b: { name: string }): number {
  return compare(a.name, b.name);
}

/** Orders strings by code unit: the same on every machine, unlike a locale's order. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `<kind>/<name>`, as in messages and work queues. */
export function keyText(key: ObjectKey): string {
  return `${key.kind}/${key.name}`;
}

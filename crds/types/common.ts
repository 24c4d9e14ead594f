// Types of what several kinds share. Generated from crds/*.yaml by crds/generate.ts: change the YAML, then run
// `node dist/crds/generate.js`.

/** The fields of metav1.ObjectMeta that this project reads or writes. */
export interface ObjectMeta {
  name: string;
  uid?: string;
  generation?: number;
  resourceVersion?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
}
/** metav1.OwnerReference. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}
/** What processes the SCSI commands. tcmu is this project's own engine, which has every attribute. kernel is LIO's, which is faster and has fewer; what it can't honour is refused. Absent means tcmu, and kernel for vdiskBlockio and passThrough. Changing it waits until the device is not in use, and changes identity.naa. */
export type Engine = 'tcmu' | 'kernel';
/** How the nodes that expose the device relate. PerNode means an instance and a medium for each, Exclusive means at most one node, Shared means one medium for several. */
export type Sharing = 'PerNode' | 'Exclusive' | 'Shared';
/** What becomes of the backing file when the object is deleted. */
export type ReclaimPolicy = 'Retain' | 'Delete';
/** How far the node is. */
export type EntryState = 'Ready' | 'Pending' | 'Failed' | 'Terminating' | 'Unknown';
/** What deletion does while a device is in use. WaitForIdle waits and says who holds it; Force detaches it at once. */
export type DeletionPolicy = 'WaitForIdle' | 'Force';
/** One aspect of the state, as metav1.Condition. */
export interface Condition {
  /** Ready, Progressing or Degraded. */
  type: string;
  /** Whether it is so. */
  status: 'True' | 'False' | 'Unknown';
  /** Why, as one word out of a fixed set (docs/conditions). */
  reason: string;
  /** Why, as a sentence. */
  message: string;
  /** When status last changed. */
  lastTransitionTime: string;
  /** metadata.generation of the object that this was found for. */
  observedGeneration?: number;
}

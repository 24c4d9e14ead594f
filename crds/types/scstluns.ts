// Types of scstluns.scst.dev. Generated from crds/*.yaml by crds/generate.ts: change the YAML, then run
// `node dist/crds/generate.js`.

import type { Condition, DeletionPolicy, EntryState, ObjectMeta } from './common.js';

/** A device under a LUN number in a target, in every session of it. */
export interface ScstLun {
  apiVersion: 'scst.dev/v1alpha1';
  kind: 'ScstLun';
  metadata: ObjectMeta;
  spec: ScstLunSpec;
  status?: ScstLunStatus;
}
/** How another ScstDevice takes the place of the one that the LUN has. */
export interface LunReplacement {
  /** Both devices hold the same data (a mirror, a copy that is complete), so that disks which are in use may go on with the other one. What is said wrongly here corrupts file systems. */
  sameData?: boolean;
  /** Initiators are told by the unit attention INQUIRY DATA HAS CHANGED (SCST: replace), or not at all (replace_no_ua). */
  unitAttention?: boolean;
}
/** The LUN that is wanted. */
export interface ScstLunSpec {
  /** Name of the ScstTarget. Immutable. */
  target: string;
  /** The LUN number. Immutable. */
  lun: number;
  /** Name of the ScstDevice. With another one the LUN's SCSI devices stay and get its data, once they aren't in use or where replacement says that the data is the same (SCST, replace). Where one of the two has engine kernel they go and come anew. */
  device: string;
  /** The group of the target whose sessions see the LUN (SCST: LUN within GROUP). Absent means the sessions that no group matches. A LUN number is taken once in each group. */
  group?: string;
  replacement?: LunReplacement;
  /** Nothing can be written through this LUN (read_only in SCST). */
  readOnly?: boolean;
  deletionPolicy?: DeletionPolicy;
}
/** The state on one node. */
export interface LunSample {
  /** The node. */
  node: string;
  state: EntryState;
  /** Why it isn't Ready, as one word. */
  reason?: string;
  /** Why it isn't Ready, as a sentence. */
  message?: string;
  /** Name of the ScstSession. */
  session?: string;
  /** Path of the device on the node, /dev/scst/<target>/<session>/lun<N>. */
  path?: string;
  /** Name of the block device (sda). */
  block?: string;
  /** Name of the generic SCSI device (sg0). */
  sg?: string;
  /** Name of the bsg device. */
  bsg?: string;
  /** host:channel:target:lun */
  hctl?: string;
  /** Path below /dev/disk/by-id, when no other session of the node has the device too. */
  byId?: string;
}
/** What became of the LUN. */
export interface ScstLunStatus {
  /** metadata.generation that this status was found for. */
  observedGeneration?: number;
  /** Nodes where it is realised as it stands here, of those where it should be. */
  nodes?: string;
  /** Path of the device on its nodes; of the first session, when there are several. */
  path?: string;
  /** At most ten sessions on nodes, those that aren't Ready first. */
  samples?: LunSample[];
  /** Ready, Progressing and Degraded. */
  conditions?: Condition[];
}

// Types of scsttargets.scst.dev. Generated from crds/*.yaml by crds/generate.ts: change the YAML, then run
// `node dist/crds/generate.js`.

import type { Condition, DeletionPolicy, EntryState, ObjectMeta } from './common.js';

/** A named target placed on nodes. Sessions and LUNs refer to it by name. */
export interface ScstTarget {
  apiVersion: 'scst.dev/v1alpha1';
  kind: 'ScstTarget';
  metadata: ObjectMeta;
  spec: ScstTargetSpec;
  status?: ScstTargetStatus;
}
/** A requirement on one label. */
export interface NodeSelectorRequirement {
  /** Key of the label. */
  key: string;
  /** How the label's value relates to values. */
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /** The values of In and NotIn. */
  values?: string[];
}
/** The nodes with these labels, as metav1.LabelSelector. Exactly one of nodeName and nodeSelector is set. */
export interface NodeSelector {
  /** Labels and the values that they must have. */
  matchLabels?: {
    /** The value. */
    [k: string]: string;
  };
  /** Requirements on labels; all must hold. */
  matchExpressions?: NodeSelectorRequirement[];
}
/** A group of sessions, which see the LUNs of that group and no others. */
export interface TargetGroup {
  /** What ScstLun.spec.group refers to. */
  name: string;
  /** Patterns of session names (scstName, or metadata.name), in which * is any text and ? any character; upper and lower case are the same. With a leading ! it matches the names that the rest does not. A group without patterns has no sessions. */
  sessions?: string[];
}
/** The target that is wanted, and where. */
export interface ScstTargetSpec {
  /** The name in SCST's own terms, where metadata.name can't be it (scst_local_tgt). It goes into paths and into the SCSI identity. Immutable. Absent means metadata.name. */
  scstName?: string;
  /** The only node of this target. Exactly one of nodeName and nodeSelector is set. */
  nodeName?: string;
  nodeSelector?: NodeSelector;
  /** Version descriptor of the SCSI transport in INQUIRY, by the name of the standard (SAS, FCP-4, iSCSI, SRP and the like) or as its number (SCST: scsi_transport_version). Absent means SAS (3040, 0BE0h). */
  scsiTransportVersion?: string | number;
  /** Version descriptor of the physical transport in INQUIRY, by the name of the standard (FC-FS-2, FC-PI-4 and the like) or as its number, none or 0 for none (SCST: phys_transport_version). */
  physTransportVersion?: string | number;
  /** Relative target port identifier (rel_tgt_id in SCST). Absent means one that is free on the node. */
  relTgtId?: number;
  /** Access control: LUN sets of their own for some sessions (SCST: GROUP and INITIATOR). A session that no group matches has the LUNs without a group. One that several match is refused. */
  groups?: TargetGroup[];
  deletionPolicy?: DeletionPolicy;
}
/** The state on one node. */
export interface TargetSample {
  /** The node. */
  node: string;
  state: EntryState;
  /** Why it isn't Ready, as one word. */
  reason?: string;
  /** Why it isn't Ready, as a sentence. */
  message?: string;
}
/** What became of the target. */
export interface ScstTargetStatus {
  /** metadata.generation that this status was found for. */
  observedGeneration?: number;
  /** Nodes where it is realised as it stands here, of those where it should be. */
  nodes?: string;
  /** At most ten nodes, those that aren't Ready first. */
  samples?: TargetSample[];
  /** Ready, Progressing and Degraded. */
  conditions?: Condition[];
}

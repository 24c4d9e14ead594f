// Types of scstsessions.scst.dev. Generated from crds/*.yaml by crds/generate.ts: change the YAML, then run
// `node dist/crds/generate.js`.

import type { Condition, DeletionPolicy, EntryState, ObjectMeta } from './common.js';

/** An I_T nexus of a target. On each node of the target it is one SCSI host. */
export interface ScstSession {
  apiVersion: 'scst.dev/v1alpha1';
  kind: 'ScstSession';
  metadata: ObjectMeta;
  spec: ScstSessionSpec;
  status?: ScstSessionStatus;
}
/** The session that is wanted. */
export interface ScstSessionSpec {
  /** The name in SCST's own terms, where metadata.name can't be it (scst_local_tgt). It goes into paths and into the SCSI identity. Immutable. Absent means metadata.name. */
  scstName?: string;
  /** Name of the ScstTarget. Immutable. */
  target: string;
  /** Only on this one of the target's nodes. Absent means on all of them. */
  nodeName?: string;
  /** The initiator port's TransportID (SCST, transport_id): sas:5000c500a1b2c3d4, fc:21:00:00:24:ff:00:00:01, srp: and 32 hexadecimal digits, iscsi:NAME or iscsi:NAME,i,0xSESSION, or its bytes (SPC) in hexadecimal digits. Absent means a SAS one made from setupId, scstName and the node. */
  transportId?: string;
  deletionPolicy?: DeletionPolicy;
}
/** The state on one node. */
export interface SessionSample {
  /** The node. */
  node: string;
  state: EntryState;
  /** Why it isn't Ready, as one word. */
  reason?: string;
  /** Why it isn't Ready, as a sentence. */
  message?: string;
  /** Number of the SCSI host on the node. */
  host?: number;
}
/** What became of the session. */
export interface ScstSessionStatus {
  /** metadata.generation that this status was found for. */
  observedGeneration?: number;
  /** Nodes where it is realised as it stands here, of those where it should be. */
  nodes?: string;
  /** At most ten nodes, those that aren't Ready first. */
  samples?: SessionSample[];
  /** Ready, Progressing and Degraded. */
  conditions?: Condition[];
}

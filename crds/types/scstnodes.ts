// Types of scstnodes.scst.dev. Generated from crds/*.yaml by crds/generate.ts: change the YAML, then run
// `node dist/crds/generate.js`.

import type { Condition, Engine, EntryState, ObjectMeta, ReclaimPolicy, Sharing } from './common.js';

/** Per node the compiled desired state (spec) and what the agent observed (status). Its name is the name of the node. */
export interface ScstNode {
  apiVersion: 'scst.dev/v1alpha1';
  kind: 'ScstNode';
  metadata: ObjectMeta;
  spec: ScstNodeSpec;
  status?: ScstNodeStatus;
}
/** Kind of the object. */
export type UserKind = 'ScstDevice' | 'ScstTarget' | 'ScstSession' | 'ScstLun';
/** Every string as it goes into INQUIRY and VPD, not padded. */
export interface CompiledIdentity {
  /** INQUIRY vendor identification. */
  vendor: string;
  /** INQUIRY product identification. */
  product: string;
  /** INQUIRY product revision level. */
  revision: string;
  /** Unit serial number. */
  serial: string;
  /** T10 vendor id based designator, without the vendor. */
  t10DeviceId: string;
  /** What stands in that designator. */
  vendorSpecificId: string;
  /** 16 or 32 hexadecimal digits. */
  naa: string;
  /** 16, 24 or 32 hexadecimal digits. */
  eui64?: string;
  /** SCSI name string of the target device. */
  scsiDeviceName?: string;
  /** Vendor-specific part of INQUIRY. */
  inquiryVendorSpecific?: string;
}
/** Parameters of the handler, all defaults filled in. What an older controller doesn't write has its default. */
export interface CompiledVdiskFileio {
  /** The file on the node. */
  filename: string;
  /** Bytes; absent means the size that the file has. */
  size?: number;
  /** Bytes of a logical block. */
  blocksize: number;
  /** Nothing can be written, through whatever LUN. */
  readOnly: boolean;
  /** WCE=0. */
  writeThrough: boolean;
  /** WCE=0 and SYNCHRONIZE CACHE does nothing. */
  nvCache: boolean;
  /** RMB=1. */
  removable: boolean;
  /** UNMAP gives space back. */
  thinProvisioned?: boolean;
  /** The file is open. */
  active?: boolean;
  /** Medium rotation rate of VPD page B1. */
  rotational: boolean;
  /** READ and WRITE bypass the page cache. */
  directIO?: boolean;
  /** Bytes, READ CAPACITY(16). */
  physicalBlockSize?: number;
  /** Bytes, VPD page B0. */
  optimalTransferLength?: number;
  /** TST of the control mode page. */
  taskSetPerNexus?: boolean;
}
/** Parameters of the handler, all defaults filled in that don't come from the block device. */
export interface CompiledVdiskBlockio {
  /** The block device on the node. */
  filename: string;
  /** Bytes; absent means all of the block device. */
  size?: number;
  /** Bytes of a logical block. */
  blocksize: number;
  /** Nothing can be written, through whatever LUN. */
  readOnly: boolean;
  /** WCE=0. */
  writeThrough: boolean;
  /** WCE=0 and SYNCHRONIZE CACHE does nothing. */
  nvCache: boolean;
  /** RMB=1. */
  removable: boolean;
  /** Medium rotation rate of VPD page B1. */
  rotational: boolean;
  /** UNMAP gives space back; absent means as the block device does. */
  thinProvisioned?: boolean;
  /** The block device is open. */
  active: boolean;
  /** Bytes, READ CAPACITY(16); absent means that of the block device. */
  physicalBlockSize?: number;
  /** Bytes, VPD page B0; absent means the engine's own. */
  optimalTransferLength?: number;
  /** TST of the control mode page. */
  taskSetPerNexus?: boolean;
}
/** Parameters of the handler, all defaults filled in. */
export interface CompiledVdiskNullio {
  /** Bytes. */
  size: number;
  /** Bytes of a logical block. */
  blocksize: number;
  /** Nothing can be written, through whatever LUN. */
  readOnly: boolean;
  /** RMB=1. */
  removable: boolean;
  /** Medium rotation rate of VPD page B1. */
  rotational: boolean;
  /** LUNs of it only keep their numbers taken, and no SCSI device is made. */
  dummy: boolean;
  /** Bytes, VPD page B0. */
  optimalTransferLength?: number;
  /** TST of the control mode page. */
  taskSetPerNexus?: boolean;
}
/** Devices that have an instance on the node, one of them. */
export interface NodeDevice {
  /** Name of the object. */
  name: string;
  /** metadata.uid of the object. */
  uid: string;
  /** metadata.generation of the object that this entry came from. */
  generation: number;
  /** The name in SCST's own terms. */
  scstName: string;
  /** The handler that is set. */
  handler: 'vdiskFileio' | 'vdiskBlockio' | 'vdiskNullio';
  engine: Engine;
  sharing: Sharing;
  reclaimPolicy: ReclaimPolicy;
  /** Queue depth of its SCSI devices. What an older controller didn't write is left as it is. */
  maxCommands?: number;
  identity: CompiledIdentity;
  vdiskFileio?: CompiledVdiskFileio;
  vdiskBlockio?: CompiledVdiskBlockio;
  vdiskNullio?: CompiledVdiskNullio;
}
/** Targets on the node, one of them. */
export interface NodeTarget {
  /** Name of the object. */
  name: string;
  /** metadata.uid of the object. */
  uid: string;
  /** metadata.generation of the object that this entry came from. */
  generation: number;
  /** The name in SCST's own terms. */
  scstName: string;
  /** Version descriptor of the SCSI transport. */
  scsiTransportVersion: number;
  /** Version descriptor of the physical transport, 0 for none. */
  physTransportVersion: number;
  /** Relative target port identifier. */
  relTgtId: number;
}
/** Sessions on the node, one of them. */
export interface NodeSession {
  /** Name of the object. */
  name: string;
  /** metadata.uid of the object. */
  uid: string;
  /** metadata.generation of the object that this entry came from. */
  generation: number;
  /** The name in SCST's own terms. */
  scstName: string;
  /** uid of the target. */
  target: string;
  /** The group of the target that it is in. Absent means none. */
  group?: string;
  /** SPC TransportID as hexadecimal digits (24 bytes for SAS). */
  transportId: string;
  /** Detach even while in use. */
  force: boolean;
}
/** LUNs on the node, one of them. */
export interface NodeLun {
  /** Name of the object. */
  name: string;
  /** metadata.uid of the object. */
  uid: string;
  /** metadata.generation of the object that this entry came from. */
  generation: number;
  /** uid of the target; the LUN is in every session of it. */
  target: string;
  /** The LUN number. */
  lun: number;
  /** uid of the device. */
  device: string;
  /** The device that it had until now, where it was another, holds the same data. Absent means that it doesn't. */
  sameData?: boolean;
  /** Initiators are told of another device by a unit attention. Absent means that they are. */
  announced?: boolean;
  /** The group of the target whose sessions see it. Absent means those of none. */
  group?: string;
  /** Nothing can be written through this LUN. */
  readOnly: boolean;
  /** Detach even while in use. */
  force: boolean;
}
/** What has to go from the node, one of them. */
export interface Tombstone {
  kind: UserKind;
  /** Name of the object. */
  name: string;
  /** metadata.uid of the object. */
  uid: string;
  /** Deleted, no longer placed on this node, or gone without being released (which never forces and deletes no file). */
  reason: 'Deleted' | 'Unplaced' | 'Vanished';
  reclaim: ReclaimPolicy;
  /** Detach even while in use. */
  force: boolean;
}
/** What the node should realise, compiled from the objects. Written by the controller only. */
export interface ScstNodeSpec {
  /** metadata.uid of the Node. */
  nodeUID: string;
  /** leaseTransitions of the leader that wrote this. */
  epoch: number;
  /** Made once for each installation; part of every identity. */
  setupId: string;
  /** Devices that have an instance on the node */
  devices: NodeDevice[];
  /** Targets on the node */
  targets: NodeTarget[];
  /** Sessions on the node */
  sessions: NodeSession[];
  /** LUNs on the node */
  luns: NodeLun[];
  /** What has to go from the node */
  tombstones: Tombstone[];
}
/** Instances on the node, one of them. */
export interface NodeDeviceStatus {
  /** metadata.uid of the object. */
  uid: string;
  /** Of the source object, as of what is realised. */
  generation: number;
  state: EntryState;
  /** Why it isn't Ready, as one word. */
  reason?: string;
  /** Why it isn't Ready, as a sentence. */
  message?: string;
  /** Bytes of the medium. */
  size?: number;
}
/** Targets on the node, one of them. */
export interface EntryStatus {
  /** metadata.uid of the object. */
  uid: string;
  /** Of the source object, as of what is realised. */
  generation: number;
  state: EntryState;
  /** Why it isn't Ready, as one word. */
  reason?: string;
  /** Why it isn't Ready, as a sentence. */
  message?: string;
}
/** Sessions on the node, one of them. */
export interface NodeSessionStatus {
  /** metadata.uid of the object. */
  uid: string;
  /** Of the source object, as of what is realised. */
  generation: number;
  state: EntryState;
  /** Why it isn't Ready, as one word. */
  reason?: string;
  /** Why it isn't Ready, as a sentence. */
  message?: string;
  /** Number of the SCSI host. */
  host?: number;
}
/** LUNs on the node, once for each session, one of them. */
export interface NodeLunStatus {
  /** metadata.uid of the object. */
  uid: string;
  /** Of the source object, as of what is realised. */
  generation: number;
  state: EntryState;
  /** Why it isn't Ready, as one word. */
  reason?: string;
  /** Why it isn't Ready, as a sentence. */
  message?: string;
  /** uid of the session. */
  session: string;
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
/** What the agent observed. Written by the node's agent only. */
export interface ScstNodeStatus {
  /** metadata.generation of the spec that the lists follow; nothing older will be started any more. */
  observedGeneration?: number;
  /** spec.epoch of that spec. */
  epoch?: number;
  /** metadata.uid of the Node that the agent runs on. */
  nodeUID?: string;
  /** Version of the agent. */
  agentVersion?: string;
  /** Release of the kernel. */
  kernelVersion?: string;
  /** LUNs that are Ready, of those that are wanted. */
  lunsReady?: string;
  /** Instances on the node */
  devices?: NodeDeviceStatus[];
  /** Targets on the node */
  targets?: EntryStatus[];
  /** Sessions on the node */
  sessions?: NodeSessionStatus[];
  /** LUNs on the node, once for each session */
  luns?: NodeLunStatus[];
  /** Ready, Progressing and Degraded. */
  conditions?: Condition[];
}

// Types of the objects (seed by hand: becomes the output of crds/generate.ts from the CRD YAML).

/** A condition as metav1.Condition. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number;
}

export interface ScstDeviceSpec {
  scstName?: string;
  vdiskFileio?: VdiskFileio;
  vdiskBlockio?: VdiskBlockio;
  vdiskNullio?: VdiskNullio;
  vcdrom?: Vcdrom;
  vtape?: Vtape;
  vchanger?: Vchanger;
  passThrough?: PassThrough;
  identity?: DeviceIdentity;
  engine?: 'tcmu' | 'kernel';
  sharing?: 'PerNode' | 'Exclusive' | 'Shared';
  reclaimPolicy?: 'Retain' | 'Delete';
}
export interface VdiskFileio {
  filename: string;
  /** Kubernetes quantity or bytes; absent: the size that the file has. */
  size?: string | number;
  blocksize?: 512 | 1024 | 2048 | 4096;
  readOnly?: boolean;
  writeThrough?: boolean;
  nvCache?: boolean;
  directIO?: boolean;
  removable?: boolean;
  rotational?: boolean;
  thinProvisioned?: boolean;
}
export interface VdiskBlockio { filename: string }
export interface VdiskNullio { size?: string | number }
export interface Vcdrom { filename?: string }
export interface Vtape { cartridge?: string }
export interface Vchanger { slots?: number }
export interface PassThrough { device: string }
export interface DeviceIdentity {
  vendor?: string;
  product?: string;
  revision?: string;
  serial?: string;
  t10DeviceId?: string;
  vendorSpecificId?: string;
  naa?: string;
  eui64?: string;
}

export interface ScstTargetSpec {
  scstName?: string;
  nodeName?: string;
  nodeSelector?: { matchLabels?: Record<string, string>; matchExpressions?: { key: string; operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'; values?: string[] }[] };
  scsiTransportVersion?: number;
  physTransportVersion?: number;
  relTgtId?: number;
  deletionPolicy?: 'WaitForIdle' | 'Force';
}
export interface ScstSessionSpec { scstName?: string; target: string; nodeName?: string; transportId?: string; deletionPolicy?: 'WaitForIdle' | 'Force' }
export interface ScstLunSpec { target: string; lun: number; device: string; readOnly?: boolean; deletionPolicy?: 'WaitForIdle' | 'Force' }

/** What of an object an entry of a ScstNode came from. */
export interface EntrySource {
  name: string;
  uid: string;
  generation: number;
}
export interface ScstNodeSpec {
  /** metadata.uid of the Node. */
  nodeUID: string;
  /** leaseTransitions of the leader that wrote this. */
  epoch: number;
  setupId: string;
  devices: NodeDevice[];
  targets: NodeTarget[];
  sessions: NodeSession[];
  luns: NodeLun[];
  tombstones: Tombstone[];
}
export interface NodeDevice extends EntrySource {
  scstName: string;
  handler: 'vdiskFileio';
  engine: 'tcmu' | 'kernel';
  sharing: 'PerNode' | 'Exclusive' | 'Shared';
  reclaimPolicy: 'Retain' | 'Delete';
  identity: CompiledIdentity;
  vdiskFileio: CompiledVdiskFileio;
}
/** Every string as it goes into INQUIRY and VPD, not padded. */
export interface CompiledIdentity {
  vendor: string;
  product: string;
  revision: string;
  serial: string;
  t10DeviceId: string;
  vendorSpecificId: string;
  /** 16 or 32 hexadecimal digits. */
  naa: string;
  eui64?: string;
}
export interface CompiledVdiskFileio {
  filename: string;
  /** Bytes; absent: the size that the file has. */
  size?: number;
  blocksize: number;
  readOnly: boolean;
  writeThrough: boolean;
  nvCache: boolean;
  removable: boolean;
  rotational: boolean;
}
export interface NodeTarget extends EntrySource {
  scstName: string;
  scsiTransportVersion: number;
  physTransportVersion: number;
  relTgtId: number;
}
export interface NodeSession extends EntrySource {
  scstName: string;
  /** uid of the target. */
  target: string;
  /** SPC TransportID as hexadecimal digits (24 bytes for SAS). */
  transportId: string;
  force: boolean;
}
export interface NodeLun extends EntrySource {
  /** uid of the target: the LUN is in every session of it. */
  target: string;
  lun: number;
  /** uid of the device. */
  device: string;
  readOnly: boolean;
  force: boolean;
}
export interface Tombstone {
  kind: 'ScstDevice' | 'ScstTarget' | 'ScstSession' | 'ScstLun';
  name: string;
  uid: string;
  reason: 'Deleted' | 'Unplaced' | 'Vanished';
  /** What becomes of the backing file of a ScstDevice. */
  reclaim: 'Retain' | 'Delete';
  /** Detach even while in use (deletionPolicy: Force). */
  force: boolean;
}
export type EntryState = 'Ready' | 'Pending' | 'Failed' | 'Terminating' | 'Unknown';
export interface EntryStatus {
  uid: string;
  /** Of the source object, as of what is realised. */
  generation: number;
  state: EntryState;
  reason?: string;
  message?: string;
}
export interface NodeDeviceStatus extends EntryStatus { size?: number }
export interface NodeSessionStatus extends EntryStatus { host?: number }
export interface NodeLunStatus extends EntryStatus {
  /** uid of the session. */
  session: string;
  /** /dev/scst/<target>/<session>/lun<N> */
  path?: string;
  /** sda */
  block?: string;
  /** sg0 */
  sg?: string;
  bsg?: string;
  /** host:channel:target:lun */
  hctl?: string;
  byId?: string;
}
export interface ScstNodeStatus {
  observedGeneration?: number;
  epoch?: number;
  nodeUID?: string;
  agentVersion?: string;
  kernelVersion?: string;
  conditions?: Condition[];
  devices?: NodeDeviceStatus[];
  targets?: EntryStatus[];
  sessions?: NodeSessionStatus[];
  luns?: NodeLunStatus[];
}

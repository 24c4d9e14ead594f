// Types of the objects. Generated from crds/*.yaml by crds/generate.ts: change the YAML, then run
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
/** What of an object an entry of a ScstNode came from. */
export type EntrySource = Pick<NodeTarget, 'name' | 'uid' | 'generation'>;
/** An object that users write. */
export type UserObject = ScstDevice | ScstTarget | ScstSession | ScstLun;
/** A SCSI device and its backing. Each node that exposes it through a ScstLun has its own instance. */
export interface ScstDevice {
  apiVersion: 'scst.dev/v1alpha1';
  kind: 'ScstDevice';
  metadata: ObjectMeta;
  spec: ScstDeviceSpec;
  status?: ScstDeviceStatus;
}
/** A named target placed on nodes. Sessions and LUNs refer to it by name. */
export interface ScstTarget {
  apiVersion: 'scst.dev/v1alpha1';
  kind: 'ScstTarget';
  metadata: ObjectMeta;
  spec: ScstTargetSpec;
  status?: ScstTargetStatus;
}
/** An I_T nexus of a target. On each node of the target it is one SCSI host. */
export interface ScstSession {
  apiVersion: 'scst.dev/v1alpha1';
  kind: 'ScstSession';
  metadata: ObjectMeta;
  spec: ScstSessionSpec;
  status?: ScstSessionStatus;
}
/** A device under a LUN number in a target, in every session of it. */
export interface ScstLun {
  apiVersion: 'scst.dev/v1alpha1';
  kind: 'ScstLun';
  metadata: ObjectMeta;
  spec: ScstLunSpec;
  status?: ScstLunStatus;
}
/** Per node the compiled desired state (spec) and what the agent observed (status). Its name is the name of the node. */
export interface ScstNode {
  apiVersion: 'scst.dev/v1alpha1';
  kind: 'ScstNode';
  metadata: ObjectMeta;
  spec: ScstNodeSpec;
  status?: ScstNodeStatus;
}
/** Bytes of a logical block. */
export type Blocksize = 512 | 1024 | 2048 | 4096;
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
/** Kind of the object. */
export type UserKind = 'ScstDevice' | 'ScstTarget' | 'ScstSession' | 'ScstLun';
/** A disk whose medium is a file (SCST: vdisk_fileio). */
export interface VdiskFileio {
  /** The file on the node, below a path that the agent allows (/var/lib/scst by default). */
  filename: string;
  /** Size as a Kubernetes quantity, or in bytes. The file is made, and grown, to it. Absent means the size that the file has; the disk grows when the file does. */
  size?: string | number;
  blocksize?: Blocksize;
  /** Nothing can be written, through whatever LUN (SCST: read_only). */
  readOnly?: boolean;
  /** WCE=0: a write is complete when it is on stable storage (SCST: write_through). */
  writeThrough?: boolean;
  /** The cache survives power loss: WCE=0 is reported and SYNCHRONIZE CACHE does nothing (SCST: nv_cache). */
  nvCache?: boolean;
  /** RMB=1: the medium is removable. */
  removable?: boolean;
  /** The medium rotation rate of VPD page B1: true is 15,000 rpm, false is a solid-state device. */
  rotational?: boolean;
  /** READ and WRITE bypass the page cache (SCST: o_direct). blocksize must be what the file system and its disk take. */
  directIO?: boolean;
  /** Bytes of a physical block as READ CAPACITY(16) reports it, no less than blocksize (SCST: lb_per_pb_exp, which is 4096 for files). Absent means blocksize. */
  physicalBlockSize?: 512 | 1024 | 2048 | 4096 | 8192 | 16384 | 32768 | 65536;
  /** Bytes that one command should transfer, a multiple of blocksize, VPD page B0 (SCST: opt_trans_len). */
  optimalTransferLength?: number;
  /** One task set per I_T nexus, or one for all of them: TST of the control mode page, which CLEAR TASK SET goes by (SCST: tst). */
  taskSetPerNexus?: boolean;
  /** UNMAP gives space back (SCST: thin_provisioned). The file takes space as it is written, and may promise more than its file system has. */
  thinProvisioned?: boolean;
  /** false closes the file, and commands that need it end as NOT READY until it is true again (SCST: active). After a failed flush, false and then true says that the data was looked after. */
  active?: boolean;
}
/** A disk whose medium is a block device of the node (SCST: vdisk_blockio). */
export interface VdiskBlockio {
  /** The block device on the node, preferably by its name below /dev/disk/by-id or /dev/mapper. The agent has to allow it, and nothing else may have it (a mount, LVM, another device). */
  filename: string;
  /** Size as a Kubernetes quantity, or in bytes, no more than the block device has. Absent means all of it; the disk grows when the block device does. */
  size?: string | number;
  blocksize?: Blocksize;
  /** Nothing can be written, through whatever LUN (SCST: read_only). */
  readOnly?: boolean;
  /** WCE=0: a write is complete when it is on stable storage (SCST: write_through). */
  writeThrough?: boolean;
  /** The cache survives power loss: WCE=0 is reported and SYNCHRONIZE CACHE does nothing (SCST: nv_cache). */
  nvCache?: boolean;
  /** RMB=1: the medium is removable. */
  removable?: boolean;
  /** The medium rotation rate of VPD page B1: true is 15,000 rpm, false is a solid-state device. */
  rotational?: boolean;
  /** UNMAP gives space back (SCST: thin_provisioned). Absent means as the block device does. */
  thinProvisioned?: boolean;
  /** false lets the block device go, and commands that need it end as NOT READY until it is true again (SCST: active). After a failed flush, false and then true says that the data was looked after. */
  active?: boolean;
  /** Bytes of a physical block as READ CAPACITY(16) reports it, no less than blocksize (SCST: lb_per_pb_exp). Absent means that of the block device. */
  physicalBlockSize?: 512 | 1024 | 2048 | 4096 | 8192 | 16384 | 32768 | 65536;
  /** Bytes that one command should transfer, a multiple of blocksize, VPD page B0 (SCST: opt_trans_len). Absent means 524288, and with engine kernel that of the block device. */
  optimalTransferLength?: number;
  /** One task set per I_T nexus, or one for all of them: TST of the control mode page, which CLEAR TASK SET goes by (SCST: tst). */
  taskSetPerNexus?: boolean;
}
/** A disk without a medium: writes vanish, reads give zeroes (SCST: vdisk_nullio). */
export interface VdiskNullio {
  /** Size as a Kubernetes quantity, or in bytes. Absent means SCST's 2.5 TiB. */
  size?: string | number;
  blocksize?: Blocksize;
  /** Nothing can be written, through whatever LUN (SCST: read_only). */
  readOnly?: boolean;
  /** RMB=1: the medium is removable. */
  removable?: boolean;
  /** The medium rotation rate of VPD page B1. */
  rotational?: boolean;
  /** A place holder: its LUN only keeps its number taken, and no SCSI device is made of it (SCST: dummy; the kernel answers for an absent LUN 0 by itself). */
  dummy?: boolean;
  /** Bytes that one command should transfer, a multiple of blocksize, VPD page B0 (SCST: opt_trans_len). */
  optimalTransferLength?: number;
  /** One task set per I_T nexus, or one for all of them: TST of the control mode page, which CLEAR TASK SET goes by (SCST: tst). */
  taskSetPerNexus?: boolean;
}
/** A CD/DVD-ROM drive (SCST: vcdrom). */
export interface Vcdrom {
  /** The ISO image in the drive. Absent means an empty drive. */
  filename?: string;
}
/** A tape drive with cartridges in files. SCST has none. */
export interface Vtape {
  /** The cartridge in the drive. Absent means an empty drive. */
  cartridge?: string;
  /** Native capacity of a cartridge that is made, as a Kubernetes quantity or in bytes. */
  capacity?: string | number;
}
/** A medium changer with its storage places. SCST has none. */
export interface Vchanger {
  /** Storage elements. */
  slots?: number;
  /** Import/export elements. */
  importExportSlots?: number;
  /** The ScstDevices of handler vtape that are its data transfer elements, in order of their addresses. */
  drives?: string[];
}
/** A SCSI device of the node as it is (SCST: dev_disk, dev_tape, dev_cdrom, dev_changer and their kin). */
export interface PassThrough {
  /** The device, as host:channel:target:lun or as a path below /dev. */
  device: string;
}
/** What the device says about itself. Absent fields are made from setupId, scstName and the node, so they stay the same when the object is created anew. */
export interface DeviceIdentity {
  /** INQUIRY vendor identification (SCST: t10_vend_id). Absent means SCST_FIO, and SCST_BIO for vdiskBlockio. */
  vendor?: string;
  /** INQUIRY product identification (SCST: prod_id). Absent means the first 16 characters of scstName. */
  product?: string;
  /** INQUIRY product revision level (SCST: prod_rev_lvl). Absent means 3110. */
  revision?: string;
  /** Unit serial number, VPD page 80 (SCST: usn). */
  serial?: string;
  /** T10 vendor id based designator of VPD page 83, without the vendor (SCST: t10_dev_id). */
  t10DeviceId?: string;
  /** What stands in that designator instead of t10DeviceId (SCST: vend_specific_id). */
  vendorSpecificId?: string;
  /** NAA designator of VPD page 83, in hexadecimal digits; 16 that start with 2, 3 or 5, or 32 that start with 6 (SCST: naa_id). */
  naa?: string;
  /** EUI-64 designator of VPD page 83, in 16, 24 or 32 hexadecimal digits (SCST: eui64_id). */
  eui64?: string;
  /** SCSI name string of the target device in VPD page 83 (SCST: scsi_device_name). */
  scsiDeviceName?: string;
  /** Vendor-specific part of INQUIRY: bytes 36 to 55 where it has at most 20 characters, else from byte 96 on (SCST: inq_vend_specific). */
  inquiryVendorSpecific?: string;
}
/** The device that is wanted. Exactly one handler is set. */
export interface ScstDeviceSpec {
  /** The name in SCST's own terms, where metadata.name can't be it (scst_local_tgt). It goes into paths and into the SCSI identity. Immutable. Absent means metadata.name. */
  scstName?: string;
  vdiskFileio?: VdiskFileio;
  vdiskBlockio?: VdiskBlockio;
  vdiskNullio?: VdiskNullio;
  vcdrom?: Vcdrom;
  vtape?: Vtape;
  vchanger?: Vchanger;
  passThrough?: PassThrough;
  identity?: DeviceIdentity;
  engine?: Engine;
  /** How many commands of one session the device has at a time: the queue depth of its SCSI devices (SCST: max_tgt_dev_commands). Others wait in the kernel. */
  maxCommands?: number;
  sharing?: Sharing;
  reclaimPolicy?: ReclaimPolicy;
}
/** The state on one node. */
export interface DeviceSample {
  /** The node. */
  node: string;
  state: EntryState;
  /** Why it isn't Ready, as one word. */
  reason?: string;
  /** Why it isn't Ready, as a sentence. */
  message?: string;
  /** Bytes of the medium. */
  size?: number;
}
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
/** What became of the device. */
export interface ScstDeviceStatus {
  /** metadata.generation that this status was found for. */
  observedGeneration?: number;
  /** Nodes where it is realised as it stands here, of those where it should be. */
  nodes?: string;
  /** The handler that is set. */
  handler?: string;
  /** Size of the medium as a Kubernetes quantity, when all nodes agree on it. */
  size?: string;
  /** At most ten nodes, those that aren't Ready first. */
  samples?: DeviceSample[];
  /** Ready, Progressing and Degraded. */
  conditions?: Condition[];
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

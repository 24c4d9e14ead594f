// Types of scstdevices.scst.dev. Generated from crds/*.yaml by crds/generate.ts: change the YAML, then run
// `node dist/crds/generate.js`.

import type { Condition, Engine, EntryState, ObjectMeta, ReclaimPolicy, Sharing } from './common.js';

/** A SCSI device and its backing. Each node that exposes it through a ScstLun has its own instance. */
export interface ScstDevice {
  apiVersion: 'scst.dev/v1alpha1';
  kind: 'ScstDevice';
  metadata: ObjectMeta;
  spec: ScstDeviceSpec;
  status?: ScstDeviceStatus;
}
/** Bytes of a logical block. */
export type Blocksize = 512 | 1024 | 2048 | 4096;
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

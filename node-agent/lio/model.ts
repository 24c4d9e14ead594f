// LIO as this node should have it, and as it was read from configfs: the two sides of the diff.
import type { Hba } from './naming.js';

/** What the agent wants of the kernel. LUN numbers are unique within a session (the plan sees to it). */
export interface DesiredLio {
  sessions: DesiredSession[];
  /** Devices of the engine `kernel` that LUNs expose. */
  kernelDisks: DesiredKernelDisk[];
  /**
   * Backstores, wanted or not, whose ring the engine has attached now. Only these are linked and unlinked: link and
   * unlink wait in the kernel until somebody answers the SCSI commands that they send.
   */
  attachedRings: ReadonlySet<string>;
  /** Backstores to unlink though no engine serves them (their write cache was switched off, so no command is sent). */
  unlinkUnattended?: ReadonlySet<string>;
  /** Names of backstores and WWNs of ours that may be removed when they aren't wanted; others are reported as orphans. */
  owned: 'all' | ReadonlySet<string>;
}

/** One session: one WWN of tcm_loop with one target portal group, hence one SCSI host. */
export interface DesiredSession {
  /** sessionWwn(uid) */
  wwn: string;
  /** nexusName(transportId) */
  nexus: string;
  /** LIO itself serves a LUN, so that its own reservations go by that name; otherwise any will do. */
  nexusCounts: boolean;
  luns: DesiredLun[];
}

/** A LUN that our engine serves through a ring of its own, or one that leads to what LIO serves. */
export type DesiredLun = DesiredRing | DesiredKernelLun;

export interface DesiredRing {
  engine: 'tcmu';
  lun: number;
  /** backstoreName(session uid, lun uid): of the backstore and of the link to it. */
  name: string;
  /** The unit is open in the engine, so that its size is known. False: nothing is made for it, nor taken away. */
  ready: boolean;
  parameters: BackstoreParameters;
}

export interface DesiredKernelLun {
  engine: 'kernel';
  lun: number;
  /** backstoreName(session uid, lun uid): of the link. */
  name: string;
  /** One of DesiredLio.kernelDisks. */
  backstore: string;
}

/** A backstore that all LUNs of a device share. */
export interface DesiredKernelDisk {
  /** kernelBackstoreName(hba, device uid) */
  backstore: string;
  /** The file or block device was checked and has its size. False: nothing is made, nor taken away. */
  ready: boolean;
  parameters: KernelDiskParameters;
}

export type KernelDiskParameters = FileParameters | BlockParameters;

interface CommonParameters {
  /** On the node; the kernel gets it opened. */
  filename: string;
  blockSize: number;
  thinProvisioned: boolean;
  rotational: boolean;
  /** Bytes, VPD page B0; absent: LIO's own. */
  optimalTransferLength?: number;
  identity: { vendor: string; product: string; revision: string; serial: string };
}

export interface FileParameters extends CommonParameters {
  plugin: 'fileio';
  /** Bytes; 0 while the file isn't ready. */
  sizeBytes: number;
  /** No write cache: a write is complete when it is on stable storage. */
  writeThrough: boolean;
}

/** Size and write cache are those of the block device. */
export interface BlockParameters extends CommonParameters {
  plugin: 'iblock';
  readOnly: boolean;
}

export interface BackstoreParameters {
  /** deviceConfig(device uid) */
  deviceConfig: string;
  /** Bytes; 0 while the unit isn't ready. */
  sizeBytes: number;
  blockSize: number;
  /** Seconds until the kernel ends a command that the engine doesn't answer (cmd_time_out); 1 or more. */
  ioTimeoutSeconds: number;
  /** MiB that commands in flight may take together (max_data_area_mb). */
  dataAreaMiB: number;
}

/** What was read below /sys/kernel/config/target. Absent directories give empty lists. */
export interface ObservedLio {
  /** The directories core/<HBA>; shared: others put backstores into it. */
  hbas: Readonly<Record<Hba, 'absent' | 'own' | 'shared'>>;
  /** Those of ours in all; what others put into our HBAs is only counted. */
  backstores: ObservedBackstore[];
  sessions: ObservedSession[];
  /** Objects that others made; undefined where the kernel didn't answer. */
  foreign: { backstores: number | undefined; sessions: number | undefined };
}

export type ObservedBackstore =
  | { name: string; busy: true }
  | {
      name: string;
      busy: false;
      enabled: boolean;
      /**
       * Of a ring as read from attrib/, by the names there; of what LIO serves by paths below the backstore's directory,
       * `info` among them. Whitespace trimmed; what the kernel lacks is missing.
       */
      attributes: Readonly<Record<string, string>>;
    };

export type ObservedSession =
  | { wwn: string; busy: true }
  | {
      wwn: string;
      busy: false;
      /** Whether the directory tpgt_0 exists. */
      tpg: boolean;
      /** Other target portal groups in our WWN: made by others. */
      foreignTpgs: string[];
      /** H:0:T of the SCSI target, such as 2:0:0. */
      address?: string;
      /** Absent: not set, so no LUN may be linked. */
      nexus?: string;
      luns: ObservedLun[];
    };

export type ObservedLun =
  /** A step is at work on it: nothing below it can be read. */
  | { lun: number; busy: true }
  | {
      lun: number;
      busy: false;
      /** Absent: half made, or half removed. */
      link?: ObservedLink;
      /** Whether the SCSI device host:0:target:lun exists. */
      present: boolean;
    };

export interface ObservedLink {
  /** Name of the link in lun_N. */
  name: string;
  /** Its target: core/<hba>/<backstore>. */
  hba: string;
  backstore: string;
}

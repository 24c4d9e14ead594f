// The steps that change LIO: what the diff returns and the executor carries out (pure).
import type { Hba } from '../naming.js';

/** Every step is idempotent unless it says so: carried out again after a kill it finds its own result and succeeds. */
export type Step =
  | BackstoreStep
  | { kind: 'createSession'; wwn: string }
  | { kind: 'setNexus'; wwn: string; nexus: string }
  | { kind: 'dropNexus'; wwn: string }
  | { kind: 'createLun'; wwn: string; lun: number }
  | LinkStep
  | UnlinkStep
  | { kind: 'removeLun'; wwn: string; lun: number }
  | { kind: 'removeTpg'; wwn: string }
  | { kind: 'removeSession'; wwn: string }
  | { kind: 'removeHba'; hba: Hba };

export type BackstoreStep =
  | {
      kind: 'createBackstore';
      backstore: string;
      /** Written to `control`. */
      control: Readonly<Record<string, string>>;
      /** Written before the backstore is enabled, to files by their paths below its directory. */
      attributes: Readonly<Record<string, string>>;
      /**
       * Unit serial by which the kernel keeps registrations of its own (APTPL), which are given back. With it the step isn’t
       * idempotent.
       */
      serial?: string;
    }
  | {
      kind: 'enableBackstore';
      backstore: string;
      /** The file to hand to the kernel, opened. */
      filename?: string;
    }
  /** Written when the backstore is enabled, to files by their paths below its directory. */
  | { kind: 'setAttributes'; backstore: string; attributes: Readonly<Record<string, string>> }
  | {
      kind: 'changeBackstore';
      backstore: string;
      /** Written to `control`. */
      control: Readonly<Record<string, string>>;
    }
  | { kind: 'removeBackstore'; backstore: string };

export interface LinkStep {
  kind: 'link';
  wwn: string;
  lun: number;
  /** Name of the link in lun_N. */
  link: string;
  backstore: string;
}

export interface UnlinkStep {
  kind: 'unlink';
  wwn: string;
  lun: number;
  link: string;
  backstore: string;
  /** Of the SCSI device that goes away with it; absent where there is none. */
  hctl?: string;
}

/** Why something of the wish isn't realised, though no step for it is returned. */
export interface Finding {
  reason: FindingReason;
  /** For people: what is the matter and what ends it. */
  message: string;
  wwn?: string;
  lun?: number;
  backstore?: string;
}

export type FindingReason =
  /** No engine serves the ring, so linking or unlinking would block. Ends by itself. */
  | 'EngineUnavailable'
  /** The device has LUNs that the other engine still serves. Ends when they are not in use. */
  | 'OtherEngine'
  /** The unit isn't open in the engine. Ends by itself. */
  | 'UnitNotReady'
  /** An earlier step on this object still sits in the kernel. */
  | 'StepPending'
  /** Others put something into an object of ours. */
  | 'ForeignObject'
  /** Realised with a configuration that can't change while the LUN is linked. */
  | 'NeedsRecreation'
  /** Of ours by its name, but not known as owned: left alone. */
  | 'Orphan';

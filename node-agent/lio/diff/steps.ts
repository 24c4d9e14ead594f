// The steps that change LIO: what the diff returns and the executor carries out (pure).

/** Every step is idempotent: carried out again after a kill it finds its own result and succeeds. */
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
  | { kind: 'removeHba' };

export type BackstoreStep =
  | {
      kind: 'createBackstore';
      backstore: string;
      /** Written to `control`. */
      control: Readonly<Record<string, string>>;
      /** Written to files of `attrib/`, before the backstore is enabled. */
      attributes: Readonly<Record<string, string>>;
    }
  | { kind: 'enableBackstore'; backstore: string }
  | { kind: 'resizeBackstore'; backstore: string; sizeBytes: number }
  | { kind: 'removeBackstore'; backstore: string };

export interface LinkStep {
  kind: 'link';
  wwn: string;
  lun: number;
  backstore: string;
}

export interface UnlinkStep {
  kind: 'unlink';
  wwn: string;
  lun: number;
  /** Name of the link in lun_N. */
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

// LIO in memory with the rules that the kernel enforces: a step that it would refuse, or that would block, throws.
import { HBA } from '../naming.js';
import type { ObservedLio, ObservedLun, ObservedSession } from '../model.js';
import type { Step } from './steps.js';

export interface ModelBackstore {
  enabled: boolean;
  attributes: Record<string, string>;
}
export interface ModelLun {
  /** Path below core/ of what it is linked to. */
  link?: string;
  present: boolean;
}
export interface ModelSession {
  tpg: boolean;
  foreignTpgs: string[];
  nexus?: string;
  luns: Map<number, ModelLun>;
}

/** What a backstore has right after mkdir. */
export const DEFAULTS = {
  dev_config: '',
  dev_size: '0',
  hw_block_size: '0',
  nl_reply_supported: '0',
  cmd_time_out: '30',
  tmr_notification: '0',
  pgr_support: '1',
  alua_support: '1',
};

/** What others made; the steps must leave it as it is. */
export interface Foreign {
  /** Backstores in our HBA. */
  inHba: number;
}

export class ModelKernel {
  hba = false;
  readonly backstores = new Map<string, ModelBackstore>();
  readonly sessions = new Map<string, ModelSession>();

  constructor(
    readonly foreign: Foreign,
    /** Whether an engine serves the rings of backstores that are enabled. */
    public engine: boolean,
  ) {}

  get attached(): Set<string> {
    return new Set(this.engine ? [...this.backstores].flatMap(([name, { enabled }]) => (enabled ? [name] : [])) : []);
  }

  /** Carries a step out; `cut`: only the first of the operations that it consists of. */
  apply(step: Step, cut = false): void {
    switch (step.kind) {
      case 'createBackstore': {
        this.hba = true;
        const backstore = this.backstores.get(step.backstore) ?? { enabled: false, attributes: { ...DEFAULTS } };
        this.backstores.set(step.backstore, backstore);
        if (cut) return;
        allow(!backstore.enabled, 'EINVAL: ring size of an enabled backstore');
        const known = Object.entries(step.control).filter(([name]) => name in DEFAULTS);
        backstore.attributes = { ...backstore.attributes, ...Object.fromEntries(known), ...step.attributes };
        return;
      }
      case 'enableBackstore': {
        const backstore = this.backstore(step.backstore);
        allow(!backstore.enabled, 'EEXIST: enabled already');
        allow(backstore.attributes['nl_reply_supported'] === '-1', 'would wait for a netlink reply');
        backstore.enabled = true;
        return;
      }
      case 'resizeBackstore':
        this.backstore(step.backstore).attributes['dev_size'] = String(step.sizeBytes);
        return;
      case 'removeBackstore':
        this.backstore(step.backstore);
        allow(!this.isLinked(`${HBA}/${step.backstore}`), 'EBUSY: linked');
        this.backstores.delete(step.backstore);
        return;
      case 'removeHba':
        allow(this.hba && this.backstores.size === 0 && this.foreign.inHba === 0, 'ENOTEMPTY: HBA');
        this.hba = false;
        return;
      case 'createSession': {
        const session = this.sessions.get(step.wwn) ?? { tpg: false, foreignTpgs: [], luns: new Map() };
        this.sessions.set(step.wwn, session);
        if (!cut) session.tpg = true;
        return;
      }
      case 'removeSession': {
        const session = this.session(step.wwn);
        allow(!session.tpg && session.foreignTpgs.length === 0, 'ENOTEMPTY: WWN');
        this.sessions.delete(step.wwn);
        return;
      }
      default:
        this.applyToTpg(step);
    }
  }

  observe(): ObservedLio {
    return {
      hba: !this.hba ? 'absent' : this.foreign.inHba > 0 ? 'shared' : 'own',
      backstores: [...this.backstores].map(([name, { enabled, attributes }]) => {
        return { name, busy: false, enabled, attributes: { ...attributes } };
      }),
      sessions: [...this.sessions].map(([wwn, session], host) => observeSession(wwn, session, host)),
      foreign: { backstores: this.foreign.inHba, sessions: 0 },
    };
  }

  private applyToTpg(step: Extract<Step, { wwn: string }>): void {
    const session = this.session(step.wwn);
    allow(session.tpg, 'ENOENT: no target portal group');
    const links = [...session.luns.values()].filter(({ link }) => link !== undefined).length;
    switch (step.kind) {
      case 'setNexus':
        allow(session.nexus === undefined, 'EEXIST: nexus');
        session.nexus = step.nexus;
        return;
      case 'dropNexus':
        allow(session.nexus !== undefined, 'ENODEV: no nexus');
        allow(links === 0, 'EPERM: LUNs are linked');
        delete session.nexus;
        return;
      case 'removeTpg':
        allow(session.luns.size === 0, 'ENOTEMPTY: LUNs');
        session.tpg = false;
        delete session.nexus;
        return;
      case 'createLun':
        allow(!session.luns.has(step.lun), 'EEXIST: LUN');
        session.luns.set(step.lun, { present: false });
        return;
      case 'removeLun':
        allow(session.luns.get(step.lun)?.link === undefined, 'ENOTEMPTY: linked');
        allow(session.luns.delete(step.lun), 'ENOENT: LUN');
        return;
      case 'link': {
        const lun = session.luns.get(step.lun);
        allow(lun !== undefined && lun.link === undefined, 'EEXIST or ENOENT: link');
        allow(this.backstore(step.backstore).enabled, 'ENODEV: backstore not enabled');
        allow(session.nexus !== undefined, 'linked before the nexus: there would never be a device');
        allow(this.attached.has(step.backstore), 'would block: no engine answers INQUIRY');
        session.luns.set(step.lun, { link: `${HBA}/${step.backstore}`, present: true });
        return;
      }
      case 'unlink': {
        const lun = session.luns.get(step.lun);
        allow(lun?.link === `${HBA}/${step.backstore}`, 'not our link');
        allow(lun?.present !== true || this.attached.has(step.backstore), 'would block: no engine answers');
        allow((step.hctl !== undefined) === lun?.present, 'the guard has to know the device');
        session.luns.set(step.lun, { present: false });
        return;
      }
      default:
        throw new Error(`${step.kind} isn’t about a target portal group`);
    }
  }

  private isLinked(path: string): boolean {
    return [...this.sessions.values()].some(({ luns }) => [...luns.values()].some(({ link }) => link === path));
  }

  private backstore(name: string): ModelBackstore {
    const backstore = this.backstores.get(name);
    if (backstore === undefined) throw new Error(`ENOENT: ${name}`);
    return backstore;
  }

  private session(wwn: string): ModelSession {
    const session = this.sessions.get(wwn);
    if (session === undefined) throw new Error(`ENOENT: ${wwn}`);
    return session;
  }
}

function observeSession(wwn: string, session: ModelSession, host: number): ObservedSession {
  const { tpg, foreignTpgs, nexus } = session;
  const luns = [...session.luns].map(([lun, { link, present }]): ObservedLun => {
    const [hba = '', backstore = ''] = link?.split('/') ?? [];
    return { lun, busy: false, present, ...(link !== undefined && { link: { name: backstore, hba, backstore } }) };
  });
  return {
    wwn,
    busy: false,
    tpg,
    foreignTpgs,
    ...(tpg && { address: `${host}:0:0` }),
    ...(nexus !== undefined && { nexus }),
    luns,
  };
}

function allow(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

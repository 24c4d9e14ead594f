// LIO in memory with the rules that the kernel enforces: a step that it would refuse, or that would block, throws.
import {
  deviceOfConfig,
  BLOCK_HBA,
  FILE_HBA,
  HBA,
  hbaOf,
  isServedByKernel,
  parseKernelBackstoreName,
  type Hba,
} from '../naming.js';
import type { ObservedLio, ObservedLun, ObservedSession } from '../model.js';
import type { Step } from './steps.js';

export interface ModelBackstore {
  enabled: boolean;
  attributes: Record<string, string>;
}
export interface ModelLun {
  /** Path below core/ of what it is linked to. */
  link?: string;
  /** Of the link. */
  name?: string;
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

/** What a backstore that LIO serves has when it is enabled. */
export const KERNEL_DEFAULTS = {
  'attrib/block_size': '512',
  'attrib/is_nonrot': '0',
  'attrib/emulate_tpu': '0',
  'attrib/emulate_tpws': '0',
  'attrib/optimal_sectors': '16384',
  'wwn/vendor_id': 'LIO-ORG',
  'wwn/product_id': 'FILEIO',
  'wwn/revision': '4.0',
  'wwn/vpd_unit_serial': 'T10 VPD Unit Serial Number: ',
};

/** What others made; the steps must leave it as it is. */
export interface Foreign {
  /** Backstores in each of our HBAs that exists. */
  inHba: number;
}

export class ModelKernel {
  readonly hbas = new Set<Hba>();
  readonly backstores = new Map<string, ModelBackstore>();
  readonly sessions = new Map<string, ModelSession>();

  constructor(
    readonly foreign: Foreign,
    /** Whether an engine serves the rings of backstores that are enabled. */
    public engine: boolean,
  ) {}

  get attached(): Set<string> {
    const rings = [...this.backstores].filter(([name, { enabled }]) => enabled && hbaOf(name) === HBA);
    return new Set(this.engine ? rings.map(([name]) => name) : []);
  }

  /** Carries a step out; `cut`: only the first of the operations that it consists of. */
  apply(step: Step, cut = false): void {
    switch (step.kind) {
      case 'removeHba': {
        const left = [...this.backstores.keys()].filter((name) => hbaOf(name) === step.hba);
        allow(this.hbas.has(step.hba) && left.length === 0 && this.foreign.inHba === 0, 'ENOTEMPTY: HBA');
        this.hbas.delete(step.hba);
        return;
      }
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
        if ('wwn' in step) this.applyToTpg(step);
        else this.applyToBackstore(step, cut);
    }
  }

  observe(): ObservedLio {
    return {
      hbas: { [HBA]: this.stateOf(HBA), [FILE_HBA]: this.stateOf(FILE_HBA), [BLOCK_HBA]: this.stateOf(BLOCK_HBA) },
      backstores: [...this.backstores].map(([name, { enabled, attributes }]) => {
        return { name, busy: false, enabled, attributes: { ...attributes } };
      }),
      sessions: [...this.sessions].map(([wwn, session], host) => observeSession(wwn, session, host)),
      foreign: { backstores: this.foreign.inHba, sessions: 0 },
    };
  }

  private stateOf(hba: Hba): 'absent' | 'own' | 'shared' {
    if (!this.hbas.has(hba)) return 'absent';
    return this.foreign.inHba > 0 ? 'shared' : 'own';
  }

  private applyToBackstore(step: Extract<Step, { backstore: string }>, cut: boolean): void {
    switch (step.kind) {
      case 'createBackstore': {
        this.hbas.add(hbaOf(step.backstore));
        const defaults = hbaOf(step.backstore) === HBA ? { ...DEFAULTS } : {};
        const found = this.backstores.get(step.backstore);
        allow(found === undefined || step.serial === undefined, 'registrations would be given back twice');
        const backstore = found ?? { enabled: false, attributes: defaults };
        this.backstores.set(step.backstore, backstore);
        if (cut) return;
        allow(!backstore.enabled, 'EINVAL: ring size of an enabled backstore');
        backstore.attributes = { ...backstore.attributes, ...shown(step) };
        return;
      }
      case 'enableBackstore': {
        const backstore = this.backstore(step.backstore);
        allow(!backstore.enabled, 'EEXIST: enabled already');
        if (hbaOf(step.backstore) === HBA) {
          allow(backstore.attributes['nl_reply_supported'] === '-1', 'would wait for a netlink reply');
        } else {
          allow(step.filename === backstore.attributes['udev_path'], 'EINVAL: no file at descriptor 3');
          backstore.attributes = { ...backstore.attributes, ...KERNEL_DEFAULTS };
        }
        backstore.enabled = true;
        return;
      }
      case 'setAttributes': {
        const backstore = this.backstore(step.backstore);
        allow(backstore.enabled, 'EINVAL: before it is enabled, which would undo it');
        allow(!this.isLinked(pathOf(step.backstore)), 'EINVAL: exported');
        const attributes = Object.entries(step.attributes).slice(0, cut ? 1 : undefined);
        backstore.attributes = { ...backstore.attributes, ...Object.fromEntries(attributes) };
        return;
      }
      case 'changeBackstore': {
        const backstore = this.backstore(step.backstore);
        const { fd_dev_size: file, ...ring } = step.control;
        Object.assign(backstore.attributes, ring);
        if (file !== undefined)
          backstore.attributes['info'] = backstore.attributes['info']?.replace(/Size: \d+/, `Size: ${file}`) ?? '';
        return;
      }
      case 'removeBackstore':
        this.backstore(step.backstore);
        allow(!this.isLinked(`${hbaOf(step.backstore)}/${step.backstore}`), 'EBUSY: linked');
        this.backstores.delete(step.backstore);
        return;
      default:
        throw new Error(`${step.kind} isn’t about a backstore`);
    }
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
        allow(this.answers(step.backstore), 'would block: no engine answers INQUIRY');
        allow(!this.isServedByOther(step.backstore), 'two engines on one file');
        session.luns.set(step.lun, { link: pathOf(step.backstore), name: step.link, present: true });
        return;
      }
      case 'unlink': {
        const lun = session.luns.get(step.lun);
        allow(lun?.link === pathOf(step.backstore) && lun.name === step.link, 'not our link');
        allow(lun?.present !== true || this.answers(step.backstore), 'would block: no engine answers');
        allow((step.hctl !== undefined) === lun?.present, 'the guard has to know the device');
        session.luns.set(step.lun, { present: false });
        return;
      }
      default:
        throw new Error(`${step.kind} isn’t about a target portal group`);
    }
  }

  /** Whether a LUN leads to the same device through the other engine. */
  private isServedByOther(backstore: string): boolean {
    const device = this.deviceOf(backstore);
    const links = [...this.sessions.values()].flatMap(({ luns }) => [...luns.values()].map(({ link }) => link));
    return [...this.backstores.keys()].some(
      (other) => hbaOf(other) !== hbaOf(backstore) && this.deviceOf(other) === device && links.includes(pathOf(other)),
    );
  }

  private deviceOf(backstore: string): string | undefined {
    return parseKernelBackstoreName(backstore) ?? deviceOfConfig(this.backstore(backstore).attributes['dev_config']);
  }

  /** LIO answers by itself for what it serves. */
  private answers(backstore: string): boolean {
    return isServedByKernel(backstore) || this.attached.has(backstore);
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
  const luns = [...session.luns].map(([lun, { link, name, present }]): ObservedLun => {
    const [hba = '', backstore = ''] = link?.split('/') ?? [];
    const described = { name: name ?? backstore, hba, backstore };
    return { lun, busy: false, present, ...(link !== undefined && { link: described }) };
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

/** What can be read of a backstore that was made so. */
function shown({ control, attributes }: Extract<Step, { kind: 'createBackstore' }>): Record<string, string> {
  const { fd_dev_size: size, fd_buffered_io: buffered, readonly } = control;
  if (readonly !== undefined) return { ...attributes, info: `iBlock device: sdb  UDEV PATH: x  readonly: ${readonly}` };
  if (size !== undefined) {
    const info = `SectorSize: 512 File: x  Size: ${size}  Mode: ${buffered === '1' ? 'Buffered-WCE' : 'O_DSYNC'} Async: 0`;
    return { ...attributes, info };
  }
  const known = Object.entries(control).filter(([name]) => name in DEFAULTS);
  const set = Object.entries(attributes).map(([path, value]) => [path.replace('attrib/', ''), value]);
  return Object.fromEntries([...known, ...set]) as Record<string, string>;
}

function pathOf(backstore: string): string {
  return `${hbaOf(backstore)}/${backstore}`;
}

function allow(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

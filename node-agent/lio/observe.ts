// Reads from configfs what LIO is at present, and from sysfs whether the SCSI devices exist.
import { basename, dirname, join } from 'node:path';
import type { DirectoryEntry } from '../native/index.js';
import type { Found } from '../native/read-together.js';
import { BoundedReader, KernelStalled } from './bounded-reader.js';
import { OBSERVED_OF_KERNEL_DISK } from './diff/kernel-backstore.js';
import { OBSERVED_ATTRIBUTES } from './diff/ring-backstore.js';
import type { Step } from './diff/steps.js';
import type { ObservedBackstore, ObservedLink, ObservedLio, ObservedLun, ObservedSession } from './model.js';
import { BLOCK_HBA, FILE_HBA, HBA, HBAS, hbaOf, isOurs, isServedByKernel, TPG, type Hba } from './naming.js';
import { LioPaths } from './paths.js';
import type { OpenStep } from './steps/record.js';

export interface ObserverOptions {
  /** Default: /sys/kernel/config/target. */
  configfs?: string;
  /** Default: /sys. */
  sys?: string;
  /** Milliseconds after which a read that doesn't return makes its object busy. */
  deadlineMs?: number;
}

/** Keep one for the process's life: it remembers which reads hang. */
export class LioObserver {
  private readonly paths: LioPaths;
  private readonly sys: string;
  private readonly reader: BoundedReader;

  constructor(options: ObserverOptions = {}) {
    this.paths = new LioPaths(options.configfs);
    this.sys = options.sys ?? '/sys';
    this.reader = new BoundedReader(options.deadlineMs);
  }

  /**
   * Reads nothing below an object with an open step, and reports it as busy. With `since`, an earlier observation and the steps
   * taken after it, only what they may have changed is read anew.
   * Throws KernelStalled where a directory that all objects share can't be read.
   */
  async observe(
    open: readonly OpenStep[],
    since?: { observed: ObservedLio; steps: readonly Step[] },
  ): Promise<ObservedLio> {
    const known = since === undefined ? NOTHING : unchanged(since.observed, since.steps);
    const look: Look = { open, known, present: await this.scsiDevices() };
    const [core, loopback] = await Promise.all([this.observeCore(look), this.observeLoopback(look)]);
    return {
      hbas: core.hbas,
      backstores: core.backstores,
      sessions: loopback.sessions,
      foreign: { backstores: core.foreign, sessions: loopback.foreign },
    };
  }

  private async observeCore(
    look: Look,
  ): Promise<Pick<ObservedLio, 'hbas' | 'backstores'> & { foreign: number | undefined }> {
    const hbas = (await this.directories(this.paths.core)).filter((name) => /_\d+$/.test(name));
    const [rings, files, blockDevices] = await Promise.all(
      HBAS.map((hba) => this.observeHba(hba, hbas.includes(hba), look)),
    );
    const own = [rings, files, blockDevices].filter((hba) => hba !== undefined);
    const others = await Promise.all(
      hbas.filter((hba) => !HBAS.some((ours) => ours === hba)).map((hba) => this.count(join(this.paths.core, hba))),
    );
    return {
      hbas: {
        [HBA]: rings?.state ?? 'absent',
        [FILE_HBA]: files?.state ?? 'absent',
        [BLOCK_HBA]: blockDevices?.state ?? 'absent',
      },
      backstores: own.flatMap(({ backstores }) => backstores),
      foreign: sum([...others, ...own.map(({ foreign }) => foreign)]),
    };
  }

  private async observeHba(hba: Hba, present: boolean, look: Look) {
    if (!present) return undefined;
    const names = await this.directories(this.paths.hba(hba));
    const ours = names.filter((name) => isOurs(name) && hbaOf(name) === hba);
    const backstores = await Promise.all(ours.map((name) => this.observeBackstore(name, look)));
    const foreign = names.length - ours.length;
    return {
      state: foreign > 0 ? ('shared' as const) : ('own' as const),
      backstores: backstores.filter((backstore) => backstore !== undefined),
      foreign,
    };
  }

  private async observeBackstore(name: string, { open, known }: Look): Promise<ObservedBackstore | undefined> {
    const busy = open.some(
      ({ kind, backstore }) => backstore === name && (kind === 'enableBackstore' || kind === 'removeBackstore'),
    );
    if (busy) return { name, busy };
    const unchanged = known.backstores.get(name);
    if (unchanged !== undefined) return unchanged;
    const observed = isServedByKernel(name) ? OF_KERNEL_DISK : OF_RING;
    return this.unlessStalled<ObservedBackstore | undefined>({ name, busy: true }, async () => {
      const { files } = await this.read(this.paths.backstore(name), observed.paths, []);
      const [enabled, ...values] = files;
      if (enabled === undefined) return undefined;
      const attributes = observed.keys.flatMap((key, at) => (values[at] === undefined ? [] : [[key, values[at]]]));
      return {
        name,
        busy: false,
        enabled: enabled === '1',
        attributes: Object.fromEntries(attributes) as Record<string, string>,
      };
    });
  }

  private async observeLoopback(look: Look): Promise<{ sessions: ObservedSession[]; foreign: number }> {
    const names = (await this.directories(this.paths.loopback)).filter((name) => name !== OF_FABRIC);
    const ours = names.filter(isOurs);
    const sessions = await Promise.all(ours.map((wwn) => this.observeSession(wwn, look)));
    return { sessions, foreign: names.length - ours.length };
  }

  private async observeSession(wwn: string, look: Look): Promise<ObservedSession> {
    const steps = look.open.filter((step) => step.wwn === wwn);
    // link and unlink hold lun_N only; rmdir and the nexus hold what all LUNs of the session share.
    if (steps.some(({ kind }) => kind !== 'link' && kind !== 'unlink')) return { wwn, busy: true };
    return this.unlessStalled<ObservedSession>({ wwn, busy: true }, async () => {
      const { files, directories } = await this.read(
        this.paths.session(wwn),
        [`${TPG}/address`, `${TPG}/nexus`],
        ['.', `${TPG}/lun`],
      );
      const [tpgs = [], entries] = directories;
      const foreignTpgs = directoriesOf(tpgs).filter((name) => name.startsWith('tpgt_') && name !== TPG);
      if (entries === undefined) return { wwn, busy: false, tpg: false, foreignTpgs, luns: [] };
      const [address, nexus] = files;
      const luns = directoriesOf(entries).flatMap((name) => /^lun_(\d+)$/.exec(name)?.[1] ?? []);
      const busyLuns = new Set(steps.map((step) => step.lun));
      const observeLun = async (lun: number): Promise<ObservedLun> => {
        if (busyLuns.has(lun)) return { lun, busy: true };
        const present = address !== undefined && look.present.has(`${address}:${lun}`);
        const unchanged = look.known.luns.get(lunKey(wwn, lun));
        return unchanged === undefined ? this.observeLun(wwn, lun, present) : { ...unchanged, present };
      };
      return {
        wwn,
        busy: false,
        tpg: true,
        foreignTpgs,
        ...(address !== undefined && { address }),
        ...(nexus !== undefined && { nexus }),
        luns: await Promise.all(luns.map(Number).map(observeLun)),
      };
    });
  }

  private async observeLun(wwn: string, lun: number, present: boolean): Promise<ObservedLun> {
    return this.unlessStalled<ObservedLun>({ lun, busy: true }, async () => {
      const { directories } = await this.read(this.paths.lun(wwn, lun), [], ['.']);
      const link = directories[0]?.find(({ target }) => target !== undefined);
      return { lun, busy: false, present, ...(link !== undefined && { link: linkOf(link) }) };
    });
  }

  /** host:channel:target:lun of each. */
  private async scsiDevices(): Promise<ReadonlySet<string>> {
    const { directories } = await this.read(join(this.sys, 'class/scsi_device'), [], ['.']);
    return new Set(directories[0]?.map(({ name }) => name));
  }

  private async directories(path: string): Promise<string[]> {
    const { directories } = await this.read(path, [], ['.']);
    return directoriesOf(directories[0] ?? []);
  }

  private async count(path: string): Promise<number | undefined> {
    return this.unlessStalled(undefined, async () => (await this.directories(path)).length);
  }

  /** Of one object, so that one that hangs holds up no other. */
  private read(root: string, files: readonly string[], directories: readonly string[]): Promise<Found> {
    return this.reader.read({ root, files, directories });
  }

  private async unlessStalled<Value>(instead: Value, read: () => Promise<Value>): Promise<Value> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof KernelStalled) return instead;
      throw error;
    }
  }
}

/** A directory of the fabric itself, beside its sessions. */
const OF_FABRIC = 'discovery_auth';

/** What one observation goes by. */
interface Look {
  open: readonly OpenStep[];
  known: Known;
  /** host:channel:target:lun of each SCSI device. */
  present: ReadonlySet<string>;
}

/** What was observed before and can't have changed: backstores by name, LUNs by session and number. */
interface Known {
  backstores: ReadonlyMap<string, ObservedBackstore>;
  luns: ReadonlyMap<string, Extract<ObservedLun, { busy: false }>>;
}

const NOTHING: Known = { backstores: new Map(), luns: new Map() };

function unchanged({ backstores, sessions }: ObservedLio, steps: readonly Step[]): Known {
  const changed = new Set(
    steps.map((step) =>
      // A link to a backstore changes nothing of the backstore.
      'lun' in step ? lunKey(step.wwn, step.lun) : 'backstore' in step ? step.backstore : undefined,
    ),
  );
  const luns = sessions.flatMap((session) =>
    session.busy ? [] : session.luns.map((lun) => [lunKey(session.wwn, lun.lun), lun] as const),
  );
  return {
    backstores: new Map(
      backstores
        .filter(({ name, busy }) => !busy && !changed.has(name))
        .map((backstore) => [backstore.name, backstore]),
    ),
    luns: new Map(luns.flatMap(([key, lun]) => (lun.busy || changed.has(key) ? [] : [[key, lun]]))),
  };
}

function lunKey(wwn: string, lun: number): string {
  return `${wwn} ${lun}`;
}

/** What is observed of a backstore: the file that says whether it is enabled, then those of its attributes, by their keys. */
function observedOf(attributes: readonly (readonly [key: string, path: string])[]) {
  return { paths: ['enable', ...attributes.map(([, path]) => path)], keys: attributes.map(([key]) => key) };
}

const OF_KERNEL_DISK = observedOf(OBSERVED_OF_KERNEL_DISK.map((path) => [path, path]));
const OF_RING = observedOf(OBSERVED_ATTRIBUTES.map((attribute) => [attribute, `attrib/${attribute}`]));

function directoriesOf(entries: readonly DirectoryEntry[]): string[] {
  return entries.filter(({ directory }) => directory).map(({ name }) => name);
}

function linkOf({ name, target = '' }: DirectoryEntry): ObservedLink {
  return { name, hba: basename(dirname(target)), backstore: basename(target) };
}

function sum(counts: (number | undefined)[]): number | undefined {
  return counts.reduce<number | undefined>(
    (total, count) => (total === undefined || count === undefined ? undefined : total + count),
    0,
  );
}

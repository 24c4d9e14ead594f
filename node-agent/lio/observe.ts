// Reads from configfs what LIO is at present, and from sysfs whether the SCSI devices exist.
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BoundedReader, KernelStalled } from './bounded-reader.js';
import { OBSERVED_OF_FILE } from './diff/file-backstore.js';
import { OBSERVED_ATTRIBUTES } from './diff/ring-backstore.js';
import type { ObservedBackstore, ObservedLink, ObservedLio, ObservedLun, ObservedSession } from './model.js';
import { FILE_HBA, HBA, HBAS, hbaOf, isOurs, TPG, type Hba } from './naming.js';
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
   * Reads nothing below an object with an open step, and reports it as busy.
   * Throws KernelStalled where a directory that all objects share can't be read.
   */
  async observe(open: readonly OpenStep[]): Promise<ObservedLio> {
    const [core, loopback] = await Promise.all([this.observeCore(open), this.observeLoopback(open)]);
    return {
      hbas: core.hbas,
      backstores: core.backstores,
      sessions: loopback.sessions,
      foreign: { backstores: core.foreign, sessions: loopback.foreign },
    };
  }

  private async observeCore(
    open: readonly OpenStep[],
  ): Promise<Pick<ObservedLio, 'hbas' | 'backstores'> & { foreign: number | undefined }> {
    const hbas = (await this.directories(this.paths.core)).filter((name) => /_\d+$/.test(name));
    const [rings, files] = await Promise.all(HBAS.map((hba) => this.observeHba(hba, hbas.includes(hba), open)));
    const own = [rings, files].filter((hba) => hba !== undefined);
    const others = await Promise.all(
      hbas.filter((hba) => !HBAS.some((ours) => ours === hba)).map((hba) => this.count(join(this.paths.core, hba))),
    );
    return {
      hbas: { [HBA]: rings?.state ?? 'absent', [FILE_HBA]: files?.state ?? 'absent' },
      backstores: own.flatMap(({ backstores }) => backstores),
      foreign: sum([...others, ...own.map(({ foreign }) => foreign)]),
    };
  }

  private async observeHba(hba: Hba, present: boolean, open: readonly OpenStep[]) {
    if (!present) return undefined;
    const names = await this.directories(this.paths.hba(hba));
    const ours = names.filter((name) => isOurs(name) && hbaOf(name) === hba);
    const backstores = await Promise.all(ours.map((name) => this.observeBackstore(name, open)));
    const foreign = names.length - ours.length;
    return {
      state: foreign > 0 ? ('shared' as const) : ('own' as const),
      backstores: backstores.filter((backstore) => backstore !== undefined),
      foreign,
    };
  }

  private async observeBackstore(name: string, open: readonly OpenStep[]): Promise<ObservedBackstore | undefined> {
    const busy = open.some(
      ({ kind, backstore }) => backstore === name && (kind === 'enableBackstore' || kind === 'removeBackstore'),
    );
    if (busy) return { name, busy };
    return this.unlessStalled<ObservedBackstore | undefined>({ name, busy: true }, async () => {
      const directory = this.paths.backstore(name);
      const enabled = await this.text(join(directory, 'enable'));
      if (enabled === undefined) return undefined;
      const observed =
        hbaOf(name) === FILE_HBA
          ? OBSERVED_OF_FILE.map((path) => [path, path] as const)
          : OBSERVED_ATTRIBUTES.map((attribute) => [attribute, `attrib/${attribute}`] as const);
      const values = await Promise.all(
        observed.map(async ([key, path]) => [key, await this.text(join(directory, path))]),
      );
      const attributes = Object.fromEntries(values.filter(([, value]) => value !== undefined)) as Record<
        string,
        string
      >;
      return { name, busy: false, enabled: enabled === '1', attributes };
    });
  }

  private async observeLoopback(open: readonly OpenStep[]): Promise<{ sessions: ObservedSession[]; foreign: number }> {
    const names = await this.directories(this.paths.loopback);
    const ours = names.filter(isOurs);
    const sessions = await Promise.all(ours.map((wwn) => this.observeSession(wwn, open)));
    return { sessions, foreign: names.length - ours.length };
  }

  private async observeSession(wwn: string, open: readonly OpenStep[]): Promise<ObservedSession> {
    const steps = open.filter((step) => step.wwn === wwn);
    // link and unlink hold lun_N only; rmdir and the nexus hold what all LUNs of the session share.
    if (steps.some(({ kind }) => kind !== 'link' && kind !== 'unlink')) return { wwn, busy: true };
    return this.unlessStalled<ObservedSession>({ wwn, busy: true }, async () => {
      const tpgs = (await this.directories(this.paths.session(wwn))).filter((name) => name.startsWith('tpgt_'));
      const foreignTpgs = tpgs.filter((name) => name !== TPG);
      if (!tpgs.includes(TPG)) return { wwn, busy: false, tpg: false, foreignTpgs, luns: [] };
      const address = await this.text(join(this.paths.tpg(wwn), 'address'));
      const nexus = await this.text(join(this.paths.tpg(wwn), 'nexus'));
      const luns = (await this.directories(this.paths.luns(wwn))).flatMap(
        (name) => /^lun_(\d+)$/.exec(name)?.[1] ?? [],
      );
      const busyLuns = new Set(steps.map((step) => step.lun));
      return {
        wwn,
        busy: false,
        tpg: true,
        foreignTpgs,
        ...(address !== undefined && { address }),
        ...(nexus !== undefined && { nexus }),
        luns: await Promise.all(luns.map(Number).map((lun) => this.observeLun(wwn, lun, busyLuns.has(lun), address))),
      };
    });
  }

  private async observeLun(wwn: string, lun: number, busy: boolean, address: string | undefined): Promise<ObservedLun> {
    if (busy) return { lun, busy };
    return this.unlessStalled<ObservedLun>({ lun, busy: true }, async () => {
      const link = await this.observeLink(this.paths.lun(wwn, lun));
      const device = join(this.sys, 'class/scsi_device', `${address}:${lun}`);
      const present = address !== undefined && (await this.reader.read(device, exists));
      return { lun, busy: false, present, ...(link !== undefined && { link }) };
    });
  }

  private async observeLink(directory: string): Promise<ObservedLink | undefined> {
    const entries = await this.reader.read(directory, (path) => readdir(path, { withFileTypes: true }).catch(none));
    const name = entries.find((entry) => entry.isSymbolicLink())?.name;
    if (name === undefined) return undefined;
    const target = await this.reader.read(join(directory, name), (path) => readlink(path).catch(absent));
    return target === undefined ? undefined : { name, hba: basename(dirname(target)), backstore: basename(target) };
  }

  private async directories(path: string): Promise<string[]> {
    const entries = await this.reader.read(path, (each) => readdir(each, { withFileTypes: true }).catch(none));
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  }

  private async count(path: string): Promise<number | undefined> {
    return this.unlessStalled(undefined, async () => (await this.directories(path)).length);
  }

  private async text(path: string): Promise<string | undefined> {
    return (await this.reader.read(path, (each) => readFile(each, 'utf8').catch(absent)))?.trim();
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

/** ENOENT: removed since it was listed, or not in this kernel. ENODEV: how tcm_loop says that there is no nexus. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENODEV') return undefined;
  throw error;
}

function none(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(absent)) !== undefined;
}

function sum(counts: (number | undefined)[]): number | undefined {
  return counts.reduce<number | undefined>(
    (total, count) => (total === undefined || count === undefined ? undefined : total + count),
    0,
  );
}

// scst.conf to objects: what is carried over, and what is said of the rest. Pure.
import type { UserObject } from '../../crds/types.js';
import { ImportContext } from './import-context.js';
import { importDevices } from './import-devices.js';
import { importTarget, type ImportedTarget, type Placement } from './import-targets.js';
import { parseScstConf } from './parse.js';
import { wordOf, type Position, type Problem, type Statement } from './syntax.js';
import { Names, numberOf } from './values.js';

export interface Imported {
  /** Devices, then each target with its sessions and LUNs, in the order of the file. */
  objects: UserObject[];
  /** In the order of the file. With an error among them the objects are of no use. */
  problems: Problem[];
  /** Where each object comes from. */
  origins: ReadonlyMap<UserObject, Position>;
}

const KEYWORDS = ['HANDLER', 'TARGET_DRIVER', 'DEVICE_GROUP', 'ALUA', 'setup_id'];
const LOCAL = 'scst_local';
/** The copy manager's LUNs follow from the devices; EXTENDED COPY is a command of every disk here. */
const COPY_MANAGER = 'copy_manager';

export function importScstConf(text: string, placement: Placement): Imported {
  const { statements, problems } = parseScstConf(text);
  if (problems.some(({ severity }) => severity === 'error')) return { objects: [], problems, origins: new Map() };
  const context = new ImportContext();
  const kept = context.lastOfEach(statements, (each) =>
    each.body !== undefined ? `${wordOf(each, 0) ?? ''} ${wordOf(each, 1) ?? ''}` : undefined,
  );
  checkRoot(context, kept);
  const of = (keyword: string): Statement[] => kept.filter((each) => wordOf(each, 0) === keyword);
  const devices = importDevices(context, of('HANDLER'), new Names(), setupIdOf(context, of('setup_id')));
  const targets = importDrivers(context, of('TARGET_DRIVER'), devices, placement);
  const all = [...problems, ...context.problems].sort((a, b) => a.line - b.line || a.column - b.column);
  const objects = [
    ...[...devices.values()].flatMap((device) => device ?? []),
    ...targets.flatMap(({ target, sessions, luns }) => [target, ...sessions, ...luns]),
  ];
  return { objects, problems: all, origins: context.origins };
}

function checkRoot(context: ImportContext, statements: readonly Statement[]): void {
  for (const each of statements) {
    const keyword = wordOf(each, 0) ?? '';
    if (keyword === 'DEVICE_GROUP' || keyword === 'ALUA') {
      context.warn(each, `${keyword} isn't carried over: there are no asymmetric paths on one machine`);
    } else if (['HANDLER', 'TARGET_DRIVER'].includes(keyword)) {
      if (each.body === undefined)
        context.error(each, `${keyword} without a block: a { is missing at the end of the line`);
    } else if (['DEVICE', 'TARGET', 'GROUP', 'LUN', 'INITIATOR', 'filename'].includes(keyword)) {
      context.error(each, `${keyword} doesn't belong at the top: a { is missing before, or a } is too many`);
    } else if (keyword !== 'setup_id') {
      context.attribute(each, 'root', KEYWORDS);
    }
  }
}

function setupIdOf(context: ImportContext, [at]: readonly Statement[]): number {
  if (at === undefined) return 0;
  const text = context.valueOf(at);
  const value = numberOf(text);
  if (value === undefined || value > 0xffff_ffff)
    context.error(at, `setup_id has to be a number of 32 bits, not ${JSON.stringify(text)}`, 1);
  return value ?? 0;
}

function importDrivers(
  context: ImportContext,
  drivers: readonly Statement[],
  devices: Parameters<typeof importTarget>[2],
  placement: Placement,
): ImportedTarget[] {
  const names = { targets: new Names(), sessions: new Names(), luns: new Names() };
  return drivers.flatMap((driver) => {
    const name = wordOf(driver, 1) ?? '';
    if (name === COPY_MANAGER) return [];
    if (name !== LOCAL) {
      listDriver(context, driver, name);
      return [];
    }
    const key = (each: Statement) => (wordOf(each, 0) === 'TARGET' ? `TARGET ${wordOf(each, 1) ?? ''}` : undefined);
    return context.lastOfEach(driver.body ?? [], key).flatMap((each) => {
      if (wordOf(each, 0) === 'TARGET') return importTarget(context, each, devices, names, placement) ?? [];
      context.attribute(each, 'driver', ['TARGET']);
      return [];
    });
  });
}

/** By name and line only: values may be secrets, such as those of IncomingUser. */
function listDriver(context: ImportContext, driver: Statement, name: string): void {
  const what = (driver.body ?? []).map((each) =>
    wordOf(each, 0) === 'TARGET' ? `TARGET ${wordOf(each, 1) ?? ''}` : (wordOf(each, 0) ?? ''),
  );
  const parts = [...new Set(what)].join(', ');
  context.warn(
    driver,
    `TARGET_DRIVER ${name} isn't carried over${parts === '' ? '' : `, with ${parts}`}: only scst_local is`,
  );
}

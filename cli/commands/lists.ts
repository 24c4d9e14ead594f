// `scst get`, `scst lsscsi` and `scst stats`: lists, for people and as data.
import { API_VERSION, PLURALS } from '../../crds/names.js';
import type { RingCounters } from '../../node-agent/protocol/types.js';
import { machineText, paintState, tableOf, type Format, type Paint } from '../terminal.js';
import { lunRows, objectRows, type LunRow, type ObjectRow } from '../world/rows.js';
import { countersOf, statisticsOf } from '../world/statistics.js';
import type { World } from '../world/world.js';

/** Resource names that `get` takes, as kubectl does. */
export const KIND_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    ScstDevice: 'scstdev',
    ScstTarget: 'scsttgt',
    ScstSession: 'scstsess',
    ScstLun: 'slun',
  } as const).flatMap(([kind, short]) => {
    const plural = PLURALS[kind as keyof typeof PLURALS];
    const plain = kind.slice('Scst'.length).toLowerCase();
    return [plural, plural.slice(0, -1), short, plain, `${plain}s`].map((name) => [name, kind]);
  }),
);

export function objectsText(
  world: World,
  kind: string | undefined,
  name: string | undefined,
  format: Format,
  paint: Paint,
): string {
  const rows = objectRows(world).filter(
    ({ object }) =>
      (kind === undefined || object.kind === kind) && (name === undefined || object.metadata.name === name),
  );
  if (format === 'json' || format === 'yaml') {
    const items = rows.map(({ object }) => object);
    const [only] = items;
    return machineText(
      name !== undefined && only !== undefined ? only : { apiVersion: 'v1', kind: 'List', items },
      format,
    );
  }
  if (format === 'name')
    return rows
      .map(
        ({ object: { kind: of, metadata } }) => `${of.toLowerCase()}.${API_VERSION.split('/')[0]}/${metadata.name}\n`,
      )
      .join('');
  if (rows.length === 0) return 'nothing found\n';
  const wide = format === 'wide';
  return tableOf(
    ['KIND', 'NAME', 'STATE', 'REASON', ...(wide ? ['MESSAGE'] : [])],
    rows.map((row) => objectCells(row, wide, paint)),
    paint,
  );
}

function objectCells({ object, state, reason, message }: ObjectRow, wide: boolean, paint: Paint): string[] {
  return [object.kind, object.metadata.name, paintState(paint, state), reason, ...(wide ? [message] : [])];
}

/** Documented fields of one SCSI device; null is what isn't known, or isn't there. */
function deviceData({ node, target, session, lun, device, status }: LunRow) {
  const known = <T>(value: T | undefined): T | null => value ?? null;
  return {
    node,
    target: target.scstName,
    session: session.scstName,
    lun: lun.lun,
    device: known(device?.scstName),
    vendor: known(device?.identity.vendor),
    product: known(device?.identity.product),
    revision: known(device?.identity.revision),
    hctl: known(status?.hctl),
    path: known(status?.path),
    block: known(status?.block),
    sg: known(status?.sg),
    byId: known(status?.byId),
    state: status?.state ?? 'Pending',
  };
}

export function lsscsiText(world: World, format: Format, paint: Paint): string {
  const rows = lunRows(world).map(deviceData);
  if (format === 'json' || format === 'yaml') return machineText(rows, format);
  if (format === 'name') return rows.map(({ path }) => (path === null ? '' : `${path}\n`)).join('');
  if (rows.length === 0) return 'no SCSI device\n';
  const wide = format === 'wide';
  const many = world.nodes.length > 1;
  return tableOf(
    [
      ...(many ? ['NODE'] : []),
      'HCTL',
      'VENDOR',
      'PRODUCT',
      'REV',
      'BLOCK',
      'SG',
      'PATH',
      'STATE',
      ...(wide ? ['BY-ID'] : []),
    ],
    rows.map((row) => [
      ...(many ? [row.node] : []),
      row.hctl ?? '-',
      row.vendor ?? '-',
      row.product ?? '-',
      row.revision ?? '-',
      row.block === null ? '-' : `/dev/${row.block}`,
      row.sg === null ? '-' : `/dev/${row.sg}`,
      row.path ?? '-',
      paintState(paint, row.state),
      ...(wide ? [row.byId ?? '-'] : []),
    ]),
    paint,
  );
}

const COLUMNS = {
  reads: 'READS',
  readKiB: 'READ KiB',
  writes: 'WRITES',
  writeKiB: 'WRITTEN KiB',
  withoutData: 'OTHERS',
  aborts: 'ABORTS',
  resets: 'RESETS',
  unalignedReads: 'UNALIGNED READS',
  unalignedWrites: 'UNALIGNED WRITES',
} as const;
type Column = keyof typeof COLUMNS;
const WIDE: readonly Column[] = ['unalignedReads', 'unalignedWrites'];

export function statsText(world: World, format: Format, paint: Paint): string {
  const counters = statisticsOf(world);
  const rows = lunRows(world).map((row) => ({ ...deviceNames(row), ...numbers(countersOf(counters, row)) }));
  if (format === 'json' || format === 'yaml') return machineText(rows, format);
  if (rows.length === 0) return 'no SCSI device\n';
  const columns = (Object.keys(COLUMNS) as Column[]).filter((column) => format === 'wide' || !WIDE.includes(column));
  return tableOf(
    ['TARGET', 'SESSION', 'LUN', 'DEVICE', ...columns.map((column) => COLUMNS[column])],
    [
      ...rows.map((row) => [
        row.target,
        row.session,
        String(row.lun),
        row.device,
        ...columns.map((column) => String(row[column])),
      ]),
      ['all', '', '', '', ...columns.map((column) => String(rows.reduce((sum, row) => sum + row[column], 0)))],
    ],
    paint,
  );
}

function deviceNames({ target, session, lun, device }: LunRow) {
  return { target: target.scstName, session: session.scstName, lun: lun.lun, device: device?.scstName ?? '-' };
}

function numbers(counters: RingCounters | undefined): Record<Column, number> {
  const { reads = 0, writes = 0, readBytes = 0, writeBytes = 0, aborts = 0, resets = 0 } = counters ?? {};
  const { withoutData = 0, unalignedReads = 0, unalignedWrites = 0 } = counters ?? {};
  return {
    reads,
    readKiB: Math.floor(readBytes / 1024),
    writes,
    writeKiB: Math.floor(writeBytes / 1024),
    withoutData,
    aborts,
    resets,
    unalignedReads,
    unalignedWrites,
  };
}

// Objects to scst.conf: what a node has, so that SCST's scstadmin, or an import, makes the same of it. Pure.
import type { NodeDevice, NodeLun, NodeTarget, ScstNodeSpec } from '../../crds/types.js';
import { diskOf } from '../../crds/disk.js';
import type { Index } from '../../operator/plan/object-index.js';
import { compare } from '../../operator/plan/objects.js';
import { planNode } from '../../operator/plan/plan-node.js';
import { physicalTransport, scsiTransport } from '../../operator/plan/version-descriptors.js';
import {
  DEVICE_ANNOTATIONS,
  DEVICE_ATTRIBUTES,
  hasAttribute,
  VIRTUAL_HANDLERS,
  type AttributeMapping,
  type VirtualHandler,
} from './attributes.js';
import { SESSION_ANNOTATIONS } from './import-targets.js';
import { printScstConf, statement, type Printable } from './print.js';
import { ANNOTATION } from './syntax.js';

const HEADER =
  '# Exported by scst export. Lines that begin with #: are for scst import; scstadmin takes them for comments.\n\n';

/** Of the identity with engine: kernel, where nothing else can be asked for. */
const MADE_BY_LIO = ['naa', 't10DeviceId', 'vendorSpecificId'];

type Spec = Pick<ScstNodeSpec, 'devices' | 'targets' | 'sessions' | 'luns'>;

/** The text of the file. Throws NotRepresentable. */
export function exportNode(index: Index, node: string, setupId: string): string {
  const { spec } = planNode(index, node, { setupId });
  const statements = [...handlers(spec.devices), ...driver(index, spec)];
  return `${HEADER}${printScstConf(statements)}`;
}

function handlers(devices: readonly NodeDevice[]): Printable[] {
  return (Object.entries(VIRTUAL_HANDLERS) as [VirtualHandler, NodeDevice['handler']][]).flatMap(([scst, handler]) => {
    const own = devices.filter((device) => device.handler === handler);
    if (own.length === 0) return [];
    return [
      statement(
        ['HANDLER', scst],
        sorted(own).map((device) => deviceBlock(device, scst)),
      ),
    ];
  });
}

function deviceBlock(device: NodeDevice, handler: VirtualHandler): Printable {
  const places = { handler: diskOf(device), identity: device.identity, device };
  const of = (table: readonly AttributeMapping[]) =>
    table
      .filter(
        (mapping) =>
          hasAttribute(handler, mapping) && !(device.engine === 'kernel' && MADE_BY_LIO.includes(mapping.field)),
      )
      .flatMap((mapping) => {
        const value = (places[mapping.at] as unknown as Record<string, unknown>)[mapping.field];
        const text = textOf(value, mapping);
        return text === undefined || text === mapping.scstDefault ? [] : [[mapping.scst, text]];
      });
  const { blocksize, physicalBlockSize = blocksize } = diskOf(device);
  const annotations = of(DEVICE_ANNOTATIONS).filter(
    ([name]) => name !== 'physical_block_size' || physicalBlockSize !== blocksize,
  );
  return statement(
    ['DEVICE', device.scstName],
    [
      ...of(DEVICE_ATTRIBUTES).map((words) => statement(words)),
      ...annotations.map((words) => statement([ANNOTATION, ...words])),
    ],
  );
}

function textOf(value: unknown, { kind }: AttributeMapping): string | undefined {
  if (value === undefined) return undefined;
  if (kind === 'flag') return value === true ? '1' : '0';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return kind === 'hex' ? `0x${text}` : text;
}

function driver(index: Index, spec: Spec): Printable[] {
  if (spec.targets.length === 0) return [];
  return [
    statement(
      ['TARGET_DRIVER', 'scst_local'],
      sorted(spec.targets).map((target) => targetBlock(index, spec, target)),
    ),
  ];
}

function targetBlock(index: Index, spec: Spec, target: NodeTarget): Printable {
  const sessions = sorted(spec.sessions.filter((session) => session.target === target.uid));
  const luns = spec.luns.filter((lun) => lun.target === target.uid);
  const groups = index.targets.get(target.name)?.spec.groups ?? [];
  const { scsiTransportVersion, physTransportVersion, relTgtId } = target;
  return statement(
    ['TARGET', target.scstName],
    [
      ...sessions.map(({ scstName }) => statement(['session_name', scstName])),
      ...sessions.flatMap(({ name, scstName }) => annotationsOf(index, name, scstName)),
      ...(scsiTransportVersion === scsiTransport()
        ? []
        : [statement(['scsi_transport_version', hex(scsiTransportVersion)])]),
      ...(physTransportVersion === physicalTransport()
        ? []
        : [statement(['phys_transport_version', hex(physTransportVersion)])]),
      statement(['rel_tgt_id', relTgtId]),
      ...lunStatements(
        spec,
        luns.filter(({ group }) => group === undefined),
      ),
      ...groups.map(({ name, sessions: patterns = [] }) =>
        statement(
          ['GROUP', name],
          [
            ...lunStatements(
              spec,
              luns.filter(({ group }) => group === name),
            ),
            ...patterns.map((pattern) => statement(['INITIATOR', pattern])),
          ],
        ),
      ),
    ],
  );
}

function annotationsOf(index: Index, name: string, scstName: string): Printable[] {
  const spec = index.sessions.get(name)?.spec;
  return Object.entries(SESSION_ANNOTATIONS).flatMap(([word, field]) => {
    const value = spec?.[field];
    return value === undefined ? [] : [statement([ANNOTATION, word, scstName, value])];
  });
}

function lunStatements({ devices }: Spec, luns: readonly NodeLun[]): Printable[] {
  const names = new Map(devices.map(({ uid, scstName }) => [uid, scstName]));
  return [...luns]
    .sort((a, b) => a.lun - b.lun)
    .map(({ lun, device, readOnly }) =>
      statement(['LUN', lun, names.get(device) ?? ''], readOnly ? [statement(['read_only', 1])] : undefined),
    );
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function sorted<T extends { scstName: string }>(list: readonly T[]): T[] {
  return [...list].sort((a, b) => compare(a.scstName, b.scstName));
}

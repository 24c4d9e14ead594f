// TARGET blocks of scst_local to ScstTarget, ScstSession and ScstLun objects.
import type { ScstLun, ScstSession, ScstTarget, ScstTargetSpec, TargetGroup } from '../../crds/types.js';
import { API_VERSION } from '../../crds/names.js';
import { physicalTransport, scsiTransport } from '../../operator/plan/version-descriptors.js';
import { TARGET_ATTRIBUTES } from './attributes.js';
import type { ImportContext } from './import-context.js';
import { deviceName, type ImportedDevices } from './import-devices.js';
import { ANNOTATION, wordOf, type Statement } from './syntax.js';
import { numberOf, type Names } from './values.js';

/** Where the targets go. */
export type Placement = Pick<ScstTargetSpec, 'nodeName' | 'nodeSelector'>;

export interface ImportedTarget {
  target: ScstTarget;
  sessions: ScstSession[];
  luns: ScstLun[];
}

export interface TargetNames {
  targets: Names;
  sessions: Names;
  luns: Names;
}

const TARGET_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:@+-]*$/;
const SESSION_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:@+#-]*$/;
const MAXIMUM_LUN = 16383;
/** What scst.conf has no word for: `#: transport_id SESSION HEX`. */
export const SESSION_ANNOTATIONS: Readonly<Record<string, 'transportId' | 'nodeName'>> = {
  transport_id: 'transportId',
  node_name: 'nodeName',
};

export function importTarget(
  context: ImportContext,
  at: Statement,
  devices: ImportedDevices,
  names: TargetNames,
  placement: Placement,
): ImportedTarget | undefined {
  const name = wordOf(at, 1) ?? '';
  if (!TARGET_NAME.test(name)) {
    context.error(at, `a target can't be called ${JSON.stringify(name)} here: letters, digits and _ . : @ + - only`, 1);
    return undefined;
  }
  const object = names.targets.take(name);
  const target: ScstTarget = {
    apiVersion: API_VERSION,
    kind: 'ScstTarget',
    metadata: { name: object },
    spec: { ...(object !== name && { scstName: name }), ...placement },
  };
  const imported: ImportedTarget = { target, sessions: [], luns: [] };
  context.origins.set(target, at);
  const groups: TargetGroup[] = [];
  for (const each of context.lastOfEach(at.body ?? [], blockKey)) {
    const keyword = wordOf(each, 0) ?? '';
    if (keyword === 'session_name') addSession(context, each, imported, names.sessions);
    else if (keyword === 'LUN') addLun(context, each, imported, devices, names.luns);
    else if (keyword === 'GROUP') groups.push(importGroup(context, each, imported, devices, names.luns));
    else if (keyword in TARGET_ATTRIBUTES)
      setAttribute(context, each, target, keyword as keyof typeof TARGET_ATTRIBUTES);
    else if (keyword === 'TARGET' || keyword === 'HANDLER' || keyword === 'TARGET_DRIVER')
      context.error(each, `${keyword} doesn't belong within TARGET ${name} of line ${at.line}: a } is missing before`);
    else if (keyword === ANNOTATION) continue;
    else context.attribute(each, 'target', ['session_name', 'LUN', 'GROUP', ...Object.keys(TARGET_ATTRIBUTES)]);
  }
  for (const each of at.body ?? []) if (wordOf(each, 0) === ANNOTATION) annotate(context, each, imported);
  if (groups.length > 0) target.spec.groups = groups;
  checkInitiators(context, at);
  if (imported.sessions.length === 0)
    context.warn(at, `TARGET ${name} has no session_name, so no SCSI host appears for it`);
  return imported;
}

/** What scstadmin keeps once only. */
function blockKey(each: Statement): string | undefined {
  const [keyword, name] = [wordOf(each, 0), wordOf(each, 1)];
  if (keyword === 'GROUP') return `GROUP ${name ?? ''}`;
  return keyword === 'LUN' ? `LUN ${name ?? ''} ${wordOf(each, 2) ?? ''}` : undefined;
}

function addSession(context: ImportContext, at: Statement, { target, sessions }: ImportedTarget, names: Names): void {
  const name = context.valueOf(at);
  if (!SESSION_NAME.test(name)) {
    context.error(
      at,
      `a session can't be called ${JSON.stringify(name)} here: letters, digits and _ . : @ + # - only`,
      1,
    );
    return;
  }
  if (sessions.some(({ metadata, spec }) => (spec.scstName ?? metadata.name) === name)) {
    context.warn(at, `the session ${name} is there already`, 1);
    return;
  }
  const object = names.take(name);
  const session: ScstSession = {
    apiVersion: API_VERSION,
    kind: 'ScstSession',
    metadata: { name: object },
    spec: { ...(object !== name && { scstName: name }), target: target.metadata.name },
  };
  context.origins.set(session, at);
  sessions.push(session);
}

function addLun(
  context: ImportContext,
  at: Statement,
  { target, luns }: ImportedTarget,
  devices: ImportedDevices,
  names: Names,
  group?: string,
): void {
  const lun = numberOf(wordOf(at, 1) ?? '');
  if (lun === undefined || lun > MAXIMUM_LUN) {
    context.error(at, `a LUN is a number from 0 to ${MAXIMUM_LUN}, not ${JSON.stringify(wordOf(at, 1) ?? '')}`, 1);
    return;
  }
  const name = deviceName(context, at, 2);
  if (name === undefined) return;
  const readOnly = lunReadOnly(context, at);
  if (!devices.has(name)) {
    context.warn(at, `scstadmin drops LUN ${lun}, because no HANDLER has the device ${name}; so does the import`, 2);
    return;
  }
  const device = devices.get(name);
  if (device === undefined) {
    context.warn(at, `LUN ${lun} isn't carried over, because its device ${name} isn't`, 2);
    return;
  }
  if (luns.some(({ spec }) => spec.lun === lun && spec.group === group)) {
    context.error(at, `LUN ${lun} has several devices, which scstadmin refuses, too`, 1);
    return;
  }
  const object: ScstLun = {
    apiVersion: API_VERSION,
    kind: 'ScstLun',
    metadata: { name: names.take(target.metadata.name, ...(group === undefined ? [] : [group]), `lun${lun}`) },
    spec: {
      target: target.metadata.name,
      lun,
      device: device.metadata.name,
      ...(group !== undefined && { group }),
      ...(readOnly && { readOnly }),
    },
  };
  context.origins.set(object, at);
  luns.push(object);
}

function lunReadOnly(context: ImportContext, at: Statement): boolean {
  let readOnly = false;
  for (const each of at.body ?? []) {
    if (wordOf(each, 0) !== 'read_only') {
      context.attribute(each, 'lun', ['read_only']);
      continue;
    }
    const value = context.valueOf(each);
    if (value !== '0' && value !== '1')
      context.error(each, `read_only has to be 0 or 1, not ${JSON.stringify(value)}`, 1);
    readOnly = value === '1';
  }
  return readOnly;
}

function importGroup(
  context: ImportContext,
  at: Statement,
  imported: ImportedTarget,
  devices: ImportedDevices,
  names: Names,
): TargetGroup {
  const group: TargetGroup = { name: wordOf(at, 1) ?? '' };
  if (!/^[!-.0-~]{1,63}$/.test(group.name))
    context.error(
      at,
      `a group can't be called ${JSON.stringify(group.name)} here: up to 63 characters without blanks and /`,
      1,
    );
  for (const each of context.lastOfEach(at.body ?? [], blockKey)) {
    const keyword = wordOf(each, 0) ?? '';
    if (keyword === 'INITIATOR') group.sessions = [...(group.sessions ?? []), context.valueOf(each)];
    else if (keyword === 'LUN') addLun(context, each, imported, devices, names, group.name);
    else context.attribute(each, 'group', ['INITIATOR', 'LUN']);
  }
  return group;
}

/** As scstadmin: one pattern in two groups of a target is refused. */
function checkInitiators(context: ImportContext, target: Statement): void {
  const seen = new Map<string, string>();
  for (const group of target.body ?? []) {
    if (wordOf(group, 0) !== 'GROUP') continue;
    for (const each of group.body ?? []) {
      const pattern = wordOf(each, 1) ?? '';
      if (wordOf(each, 0) !== 'INITIATOR') continue;
      const former = seen.get(pattern);
      const name = wordOf(group, 1) ?? '';
      if (former !== undefined && former !== name)
        context.error(
          each,
          `the initiator ${pattern} is in the groups ${former} and ${name}, which scstadmin refuses, too`,
          1,
        );
      seen.set(pattern, name);
    }
  }
}

function setAttribute(
  context: ImportContext,
  at: Statement,
  target: ScstTarget,
  name: keyof typeof TARGET_ATTRIBUTES,
): void {
  const text = context.valueOf(at);
  const value = numberOf(text);
  if (value === undefined || value > 0xffff) {
    context.error(at, `${name} has to be a number up to 0xffff, not ${JSON.stringify(text)}`, 1);
    return;
  }
  const usual = { scsi_transport_version: scsiTransport(), phys_transport_version: physicalTransport(), rel_tgt_id: 0 }[
    name
  ];
  if (value !== usual) target.spec[TARGET_ATTRIBUTES[name]] = value;
}

/** What an export of ours has written for the import. */
function annotate(context: ImportContext, at: Statement, { sessions }: ImportedTarget): void {
  const [, what, name, value = ''] = at.words.map(({ text }) => text);
  const session = sessions.find(({ metadata, spec }) => (spec.scstName ?? metadata.name) === name);
  const field = SESSION_ANNOTATIONS[what ?? ''];
  if (field === undefined) context.warn(at, `the annotation ${what ?? ''} isn't known`, 1);
  else if (session === undefined) context.warn(at, `no session_name says ${name ?? ''}`, 2);
  else session.spec[field] = value;
}

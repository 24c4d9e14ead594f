// HANDLER blocks to ScstDevice objects.
import type { DeviceIdentity, ScstDevice } from '../../crds/types.js';
import { API_VERSION } from '../../crds/names.js';
import { deviceRefusal } from '../../operator/plan/device.js';
import {
  DEVICE_ANNOTATIONS,
  DEVICE_ATTRIBUTES,
  hasAttribute,
  mappingOf,
  PASS_THROUGH_HANDLERS,
  VIRTUAL_HANDLERS,
  type AttributeMapping,
  type VirtualHandler,
} from './attributes.js';
import type { ImportContext } from './import-context.js';
import { scstIdentity } from './scst-identity.js';
import { ANNOTATION, wordOf, type Statement } from './syntax.js';
import { numberOf, objectName, type Names } from './values.js';

/** Objects by the device's name in scst.conf; nothing for one that isn't carried over. */
export type ImportedDevices = ReadonlyMap<string, ScstDevice | undefined>;

const HCTL = /^\d+:\d+:\d+:\d+$/;
/** SCST's "physical blocks are larger" for a file. */
const PHYSICAL_BLOCK = 4096;
const LONGEST_T10_DEVICE_ID = 25;

export function importDevices(
  context: ImportContext,
  handlers: readonly Statement[],
  names: Names,
  setupId: number,
): ImportedDevices {
  const devices = new Map<string, ScstDevice | undefined>();
  for (const handler of handlers) {
    const kind = wordOf(handler, 1) ?? '';
    const isVirtual = kind in VIRTUAL_HANDLERS;
    const isPassThrough = PASS_THROUGH_HANDLERS.includes(kind);
    const known = ['DEVICE'];
    for (const each of context.lastOfEach(handler.body ?? [], deviceKey)) {
      if (wordOf(each, 0) !== 'DEVICE') {
        context.attribute(each, 'driver', known);
        continue;
      }
      const name = deviceName(context, each, 1, isPassThrough);
      if (name === undefined) continue;
      if (devices.has(name)) context.error(each, `the device ${name} is there already`, 1);
      let device: ScstDevice | undefined;
      if (isVirtual) device = virtualDevice(context, each, kind as VirtualHandler, name, names, setupId);
      else if (isPassThrough) device = passThrough(context, each, name, names);
      else context.warn(each, `DEVICE ${name} isn't carried over: there is no handler ${kind} here`);
      devices.set(name, device);
    }
  }
  return devices;
}

function deviceKey(each: Statement): string | undefined {
  return wordOf(each, 0) === 'DEVICE' ? `DEVICE ${wordOf(each, 1) ?? ''}` : undefined;
}

/** A device's name as scstadmin takes it; nothing after an error. */
export function deviceName(
  context: ImportContext,
  at: Statement,
  word: number,
  passThrough = false,
): string | undefined {
  const given = wordOf(at, word);
  if (given === undefined || given === '') {
    context.error(at, 'the name of the device is missing');
    return undefined;
  }
  if (passThrough) return given;
  const name = given.replace(/^\/dev\//, '');
  if (name !== given) context.warn(at, `scstadmin takes ${given} for the device ${name}; so does the import`, word);
  if (name.includes('/')) {
    context.error(at, `scstadmin refuses a / in the name of a device; call it ${objectName(name)}`, word);
    return undefined;
  }
  return name;
}

function virtualDevice(
  context: ImportContext,
  at: Statement,
  handler: VirtualHandler,
  name: string,
  names: Names,
  setupId: number,
): ScstDevice {
  const device = deviceObject(name, names);
  const member: Record<string, unknown> = {};
  const identity: Record<string, unknown> = {};
  const places = { handler: member, identity, device: device.spec as unknown as Record<string, unknown> };
  const known = DEVICE_ATTRIBUTES.filter((each) => hasAttribute(handler, each)).map(({ scst }) => scst);
  for (const each of at.body ?? []) {
    const attribute = wordOf(each, 0) ?? '';
    if (attribute === ANNOTATION) {
      const annotation = mappingOf(handler, wordOf(each, 1) ?? '', DEVICE_ANNOTATIONS);
      if (annotation === undefined) context.warn(each, `the annotation ${wordOf(each, 1) ?? ''} isn't known`, 1);
      else places[annotation.at][annotation.field] = convert(context, each, annotation, wordOf(each, 2));
      continue;
    }
    const mapping = mappingOf(handler, attribute);
    if (mapping !== undefined) {
      const value = convert(context, each, mapping);
      if (value !== undefined) places[mapping.at][mapping.field] = value;
    } else if (attribute === 'size_mb' && handler === 'vdisk_nullio') {
      member.size = `${context.valueOf(each)}Mi`;
    } else if (attribute === 'lb_per_pb_exp' && handler === 'vdisk_fileio') {
      if (numberOf(context.valueOf(each)) === 1) member.physicalBlockSize = PHYSICAL_BLOCK;
    } else {
      context.attribute(each, 'device', [...known, 'lb_per_pb_exp']);
    }
  }
  if (handler !== 'vdisk_nullio' && handler !== 'vcdrom' && member.filename === undefined)
    context.error(at, `the device ${name} has no filename`);
  device.spec[VIRTUAL_HANDLERS[handler]] = member as never;
  setIdentity(device, handler, identity, name, setupId);
  return carried(context, at, device);
}

function setIdentity(
  { spec }: ScstDevice,
  handler: VirtualHandler,
  given: DeviceIdentity,
  name: string,
  setupId: number,
): void {
  // LIO, which would serve a block device otherwise, can't show what the hosts have seen of it.
  if (handler === 'vdisk_blockio') spec.engine ??= 'tcmu';
  // LIO makes its own of the serial number.
  spec.identity = spec.engine === 'kernel' ? given : withScstIdentity(given, name, setupId);
}

/** So that the hosts see the disk that they saw: what SCST would make up is written out. */
function withScstIdentity(given: DeviceIdentity, name: string, setupId: number): DeviceIdentity {
  const { serial, t10DeviceId, eui64 } = scstIdentity(name, setupId, given.t10DeviceId);
  const made = {
    serial,
    t10DeviceId: t10DeviceId.slice(0, LONGEST_T10_DEVICE_ID),
    ...(given.naa === undefined && { eui64 }),
  };
  return { ...made, ...given };
}

function passThrough(context: ImportContext, at: Statement, name: string, names: Names): ScstDevice | undefined {
  if (!HCTL.test(name)) {
    context.error(at, `a device that is passed through is named host:channel:target:lun, not ${name}`, 1);
    return undefined;
  }
  for (const each of at.body ?? []) context.attribute(each, 'device', []);
  const device = deviceObject(name, names);
  device.spec.passThrough = { device: name };
  return carried(context, at, device);
}

/** What the controller would say of it is said here as well. */
function carried(context: ImportContext, at: Statement, device: ScstDevice): ScstDevice {
  context.origins.set(device, at);
  const refusal = deviceRefusal(device);
  if (refusal !== undefined)
    context.warn(at, `ScstDevice ${device.metadata.name} won't become Ready: ${refusal.message}`);
  return device;
}

function deviceObject(name: string, names: Names): ScstDevice {
  const object = names.take(name);
  return {
    apiVersion: API_VERSION,
    kind: 'ScstDevice',
    metadata: { name: object },
    spec: object === name ? {} : { scstName: name },
  };
}

function convert(
  context: ImportContext,
  at: Statement,
  mapping: AttributeMapping,
  text = context.valueOf(at),
): unknown {
  if (text === mapping.scstDefault) return undefined;
  switch (mapping.kind) {
    case 'text':
      return text;
    case 'hex':
      return text === '' ? undefined : text.replace(/^0x/i, '').toLowerCase();
    case 'flag':
    case 'number':
    case 'bytes': {
      const value = numberOf(text);
      if (value === undefined || (mapping.kind === 'flag' && value > 1)) {
        const wanted = mapping.kind === 'flag' ? '0 or 1' : 'a number';
        context.error(at, `${mapping.scst} has to be ${wanted}, not ${JSON.stringify(text)}`, 1);
        return undefined;
      }
      if (String(value) === mapping.scstDefault) return undefined;
      return mapping.kind === 'flag' ? value === 1 : value;
    }
  }
}

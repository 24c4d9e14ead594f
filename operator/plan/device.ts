// A ScstDevice as the entry of a node, or the reason why it is refused: what the chosen engine can't honour is never ignored.
import type { Engine, NodeDevice, ScstDevice } from '../../crds/types.js';
import { deviceIdentity } from './identity.js';
import { compileHandler, sizeOf } from './handlers.js';
import { identityByKernel, notHonouredOfDevice } from './kernel-engine.js';
import { generationOf, scstNameOf, uidOf, type FindingReason } from './objects.js';
import { parseQuantity, QuantityError } from '../../crds/quantity.js';

/** Why a device is realised nowhere. */
export interface Refusal {
  reason: FindingReason;
  message: string;
}

const HANDLERS = ['vdiskFileio', 'vdiskBlockio', 'vdiskNullio', 'vcdrom', 'vtape', 'vchanger', 'passThrough'] as const;
const SERVED = ['vdiskFileio', 'vdiskBlockio', 'vdiskNullio'] as const;
/** All that tcm_loop's hosts can have. */
const DEFAULT_MAX_COMMANDS = 1024;

/** The handler that is set. */
export function handlerOf(device: ScstDevice): (typeof HANDLERS)[number] | undefined {
  return HANDLERS.find((handler) => device.spec[handler] !== undefined);
}

/** What processes its commands: LIO reaches a block device without the detour through user space. */
export function engineOf({ spec }: ScstDevice): Engine {
  return spec.engine ?? (spec.vdiskBlockio === undefined ? 'tcmu' : 'kernel');
}

/** Why the device can't be realised on any node; undefined when it can. */
export function deviceRefusal(device: ScstDevice): Refusal | undefined {
  const { spec } = device;
  const handler = handlerOf(device) ?? 'none';
  if (!SERVED.some((served) => served === handler)) {
    const message = `handler ${handler} isn't served yet, only ${SERVED.join(', ')} are`;
    return { reason: 'HandlerNotAvailable', message };
  }
  if (spec.reclaimPolicy === 'Delete' && spec.vdiskFileio === undefined) {
    return { reason: 'AttributeNotSupported', message: `reclaimPolicy: Delete is for files, ${handler} has none` };
  }
  const notHonoured = engineOf(device) === 'kernel' ? notHonouredOfDevice(device) : [];
  if (notHonoured.length > 0) {
    const message = `engine: kernel can't honour ${notHonoured.join(', ')}; leave it out, or take engine: tcmu`;
    return { reason: 'AttributeNotSupported', message };
  }
  return sharingRefusal(device) ?? sizeRefusal(device);
}

/** What one node keeps in memory, another one doesn't see. */
function sharingRefusal({ spec }: ScstDevice): Refusal | undefined {
  if (spec.sharing !== 'Shared') return undefined;
  const { vdiskFileio, vdiskBlockio } = spec;
  if (vdiskFileio !== undefined && vdiskFileio.directIO !== true) {
    const message = 'sharing: Shared of a file needs directIO: true, because page caches are of one node each';
    return { reason: 'AttributeNotSupported', message };
  }
  if ((vdiskFileio ?? vdiskBlockio)?.nvCache === true) {
    return { reason: 'AttributeNotSupported', message: 'sharing: Shared excludes nvCache: the cache is of one node' };
  }
  return undefined;
}

/** The CRD has the same rules; a directory of manifests and an older CRD may not. */
function sizeRefusal(device: ScstDevice): Refusal | undefined {
  const { size, blocksize } = sizeOf(device);
  if (size === undefined) {
    return undefined;
  }
  try {
    const bytes = parseQuantity(size);
    if (bytes === 0n || bytes > BigInt(Number.MAX_SAFE_INTEGER)) {
      return { reason: 'InvalidSize', message: `size ${size} isn't between 1 byte and 2^53-1 bytes` };
    }
    return bytes % BigInt(blocksize) === 0n
      ? undefined
      : { reason: 'SizeNotMultiple', message: `size ${size} isn't a multiple of the block size ${blocksize}` };
  } catch (error) {
    if (error instanceof QuantityError) {
      return { reason: 'InvalidSize', message: `size ${error.message}` };
    }
    throw error;
  }
}

/** The entry of a device that is not refused, with every default filled in. */
export function compileDevice(device: ScstDevice, setupId: string, node: string): NodeDevice {
  const { spec } = device;
  const identity = deviceIdentity(device, setupId, node);
  const engine = engineOf(device);
  return {
    name: device.metadata.name,
    uid: uidOf(device),
    generation: generationOf(device),
    scstName: scstNameOf(device),
    engine,
    sharing: spec.sharing ?? 'PerNode',
    reclaimPolicy: spec.reclaimPolicy ?? 'Retain',
    maxCommands: spec.maxCommands ?? DEFAULT_MAX_COMMANDS,
    identity: engine === 'kernel' ? identityByKernel(identity) : identity,
    ...compileHandler(device),
  };
}

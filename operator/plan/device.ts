// A ScstDevice as the entry of a node, or the reason why it is refused: what the chosen engine can't honour is never ignored.
import type { NodeDevice, ScstDevice, VdiskFileio } from '../../crds/types.js';
import { deviceIdentity } from './identity.js';
import { identityByKernel, notHonouredOfDevice } from './kernel-engine.js';
import { generationOf, scstNameOf, uidOf, type FindingReason } from './objects.js';
import { parseQuantity, QuantityError } from '../../crds/quantity.js';

/** Why a device is realised nowhere. */
export interface Refusal {
  reason: FindingReason;
  message: string;
}

const HANDLERS = ['vdiskFileio', 'vdiskBlockio', 'vdiskNullio', 'vcdrom', 'vtape', 'vchanger', 'passThrough'] as const;
const DEFAULT_BLOCKSIZE = 512;
const DEFAULT_OPTIMAL_TRANSFER_LENGTH = 524_288;
/** All that tcm_loop's hosts can have. */
const DEFAULT_MAX_COMMANDS = 1024;

/** The handler that is set. */
export function handlerOf(device: ScstDevice): (typeof HANDLERS)[number] | undefined {
  return HANDLERS.find((handler) => device.spec[handler] !== undefined);
}

/** Why the device can't be realised on any node; undefined when it can. */
export function deviceRefusal(device: ScstDevice): Refusal | undefined {
  const { spec } = device;
  const fileio = spec.vdiskFileio;
  if (fileio === undefined) {
    const handler = handlerOf(device) ?? 'none';
    return { reason: 'HandlerNotAvailable', message: `handler ${handler} isn't served yet, only vdiskFileio is` };
  }
  if (spec.sharing === 'Shared') {
    return { reason: 'AttributeNotSupported', message: 'not served yet: sharing: Shared' };
  }
  const notHonoured = spec.engine === 'kernel' ? notHonouredOfDevice(device) : [];
  if (notHonoured.length > 0) {
    const message = `engine: kernel can't honour ${notHonoured.join(', ')}; leave it out, or take engine: tcmu`;
    return { reason: 'AttributeNotSupported', message };
  }
  return sizeRefusal(fileio);
}

/** The CRD has the same rules; a directory of manifests and an older CRD may not. */
function sizeRefusal({ size, blocksize = DEFAULT_BLOCKSIZE }: VdiskFileio): Refusal | undefined {
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
  const fileio = spec.vdiskFileio;
  if (fileio === undefined) {
    throw new Error(`ScstDevice ${device.metadata.name}: compiled although it is refused`);
  }
  const identity = deviceIdentity(device, setupId, node);
  return {
    name: device.metadata.name,
    uid: uidOf(device),
    generation: generationOf(device),
    scstName: scstNameOf(device),
    handler: 'vdiskFileio',
    engine: spec.engine ?? 'tcmu',
    sharing: spec.sharing ?? 'PerNode',
    reclaimPolicy: spec.reclaimPolicy ?? 'Retain',
    maxCommands: spec.maxCommands ?? DEFAULT_MAX_COMMANDS,
    identity: spec.engine === 'kernel' ? identityByKernel(identity) : identity,
    vdiskFileio: compileFileio(fileio),
  };
}

function compileFileio(fileio: VdiskFileio): NodeDevice['vdiskFileio'] {
  const { blocksize = DEFAULT_BLOCKSIZE } = fileio;
  return {
    filename: fileio.filename,
    ...(fileio.size === undefined ? {} : { size: Number(parseQuantity(fileio.size)) }),
    blocksize,
    readOnly: fileio.readOnly ?? false,
    writeThrough: fileio.writeThrough ?? false,
    nvCache: fileio.nvCache ?? false,
    removable: fileio.removable ?? false,
    rotational: fileio.rotational ?? true,
    thinProvisioned: fileio.thinProvisioned ?? false,
    active: fileio.active ?? true,
    directIO: fileio.directIO ?? false,
    physicalBlockSize: fileio.physicalBlockSize ?? blocksize,
    optimalTransferLength: fileio.optimalTransferLength ?? DEFAULT_OPTIMAL_TRANSFER_LENGTH,
    taskSetPerNexus: fileio.taskSetPerNexus ?? true,
  };
}

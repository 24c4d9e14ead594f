// The parameters of a device's handler as a node gets them, every default filled in (pure).
import { parseQuantity } from '../../crds/quantity.js';
import type {
  CompiledVdiskBlockio,
  CompiledVdiskFileio,
  CompiledVdiskNullio,
  NodeDevice,
  ScstDevice,
  VdiskBlockio,
  VdiskFileio,
  VdiskNullio,
} from '../../crds/types.js';

const DEFAULT_BLOCKSIZE = 512;
const DEFAULT_OPTIMAL_TRANSFER_LENGTH = 524_288;
/** 2.5 TiB, as in SCST. */
const DEFAULT_NULLIO_SIZE = 5 * 2 ** 39;

/** The size that is asked for, and the bytes of a block. */
export function sizeOf({ spec }: ScstDevice): { size?: string | number; blocksize: number } {
  const { size, blocksize = DEFAULT_BLOCKSIZE } = spec.vdiskFileio ?? spec.vdiskBlockio ?? spec.vdiskNullio ?? {};
  return { blocksize, ...(size !== undefined && { size }) };
}

/** Throws for a handler that isn't served: such a device is refused. */
export function compileHandler(
  device: ScstDevice,
): Pick<NodeDevice, 'handler' | 'vdiskFileio' | 'vdiskBlockio' | 'vdiskNullio'> {
  const { vdiskFileio, vdiskBlockio, vdiskNullio } = device.spec;
  if (vdiskFileio !== undefined) return { handler: 'vdiskFileio', vdiskFileio: compileFileio(vdiskFileio) };
  if (vdiskBlockio !== undefined) return { handler: 'vdiskBlockio', vdiskBlockio: compileBlockio(vdiskBlockio) };
  if (vdiskNullio !== undefined) return { handler: 'vdiskNullio', vdiskNullio: compileNullio(vdiskNullio) };
  throw new Error(`ScstDevice ${device.metadata.name}: compiled although it is refused`);
}

function compileFileio(fileio: VdiskFileio): CompiledVdiskFileio {
  const { blocksize = DEFAULT_BLOCKSIZE } = fileio;
  return {
    filename: fileio.filename,
    ...bytesOf(fileio),
    ...common(fileio),
    writeThrough: fileio.writeThrough ?? false,
    nvCache: fileio.nvCache ?? false,
    thinProvisioned: fileio.thinProvisioned ?? false,
    active: fileio.active ?? true,
    directIO: fileio.directIO ?? false,
    physicalBlockSize: fileio.physicalBlockSize ?? blocksize,
    optimalTransferLength: fileio.optimalTransferLength ?? DEFAULT_OPTIMAL_TRANSFER_LENGTH,
  };
}

function compileBlockio(blockio: VdiskBlockio): CompiledVdiskBlockio {
  const { thinProvisioned, physicalBlockSize, optimalTransferLength } = blockio;
  return {
    filename: blockio.filename,
    ...bytesOf(blockio),
    ...common(blockio),
    writeThrough: blockio.writeThrough ?? false,
    nvCache: blockio.nvCache ?? false,
    active: blockio.active ?? true,
    // Of these the block device has its own.
    ...(thinProvisioned !== undefined && { thinProvisioned }),
    ...(physicalBlockSize !== undefined && { physicalBlockSize }),
    ...(optimalTransferLength !== undefined && { optimalTransferLength }),
  };
}

function compileNullio(nullio: VdiskNullio): CompiledVdiskNullio {
  return {
    size: DEFAULT_NULLIO_SIZE,
    ...bytesOf(nullio),
    ...common(nullio),
    dummy: nullio.dummy ?? false,
    optimalTransferLength: nullio.optimalTransferLength ?? DEFAULT_OPTIMAL_TRANSFER_LENGTH,
  };
}

function bytesOf({ size }: { size?: string | number }): { size?: number } {
  return size === undefined ? {} : { size: Number(parseQuantity(size)) };
}

function common(handler: VdiskFileio | VdiskBlockio | VdiskNullio) {
  return {
    blocksize: handler.blocksize ?? DEFAULT_BLOCKSIZE,
    readOnly: handler.readOnly ?? false,
    removable: handler.removable ?? false,
    rotational: handler.rotational ?? true,
    taskSetPerNexus: handler.taskSetPerNexus ?? true,
  };
}

// The disk that a device is, whichever handler it has (pure).
/** What every disk has, and with undefined what only some handlers have. */
export interface AnyDisk {
  filename?: string;
  /** Bytes; absent: the size that the backing has. */
  size?: number;
  blocksize: number;
  readOnly: boolean;
  removable: boolean;
  rotational: boolean;
  writeThrough?: boolean;
  nvCache?: boolean;
  thinProvisioned?: boolean;
  active?: boolean;
  directIO?: boolean;
  /** Bytes, READ CAPACITY(16). */
  physicalBlockSize?: number;
  /** Bytes, VPD page B0. */
  optimalTransferLength?: number;
  taskSetPerNexus?: boolean;
}

/** One of the handlers is set. */
interface Handlers {
  name: string;
  vdiskFileio?: AnyDisk;
  vdiskBlockio?: AnyDisk;
  vdiskNullio?: AnyDisk;
}

/** Throws where none of the handlers is set: a version that knows more of them wrote it. */
export function diskOf({ name, vdiskFileio, vdiskBlockio, vdiskNullio }: Handlers): AnyDisk {
  const disk = vdiskFileio ?? vdiskBlockio ?? vdiskNullio;
  if (disk === undefined) throw new TypeError(`${name}: its handler isn't known to this version`);
  return disk;
}

// How much one command may ask for: what VPD page B0 tells, and the commands hold to.

/** Bytes that one UNMAP may concern: SCST's limit for files. */
export const MAXIMUM_UNMAP_BYTES = 256 * 1024 * 1024;

/** Blocks that one WRITE SAME may concern: as many as the short one can name. */
export const MAXIMUM_WRITE_SAME_BLOCKS = 0xffff;

/** Blocks of COMPARE AND WRITE: all that its CDB can name. */
export const MAXIMUM_COMPARE_AND_WRITE_BLOCKS = 255;

/** Bytes of WRITE ATOMIC: as many as any transfer (MAXIMUM TRANSFER LENGTH). */
export const MAXIMUM_ATOMIC_BYTES = 1_048_576;

export function maximumAtomicBlocks(blockSize: number): number {
  return MAXIMUM_ATOMIC_BYTES / blockSize;
}

/** In logical blocks. */
export function maximumUnmapBlocks(blockSize: number): number {
  return Math.floor(MAXIMUM_UNMAP_BYTES / blockSize);
}

// PRE-FETCH (SBC-3 5.6, 5.7): brings blocks into the cache, which is the page cache of the backing file.
import type { Command } from '../spc/command.js';
import { blockRange, mediumWith, withInformation } from './block-range.js';

/** Bytes that are brought in by one command; a larger range is left to the reads themselves. */
const CACHE_BYTES = 8_388_608;

/**
 * GOOD promises nothing, CONDITION MET that all of the range stays in the cache (SBC-3 5.6): what the page cache keeps isn't
 * known, and libiscsi's tests take another status than GOOD for a failure. No blocks: up to the last one.
 */
export async function preFetch({ unit, cdb }: Command): Promise<void> {
  const { lba, blocks } = blockRange(cdb);
  const medium = mediumWith(unit, { lba, blocks, lengthField: 0 });
  const wanted = blocks === 0 ? medium.blocks - lba : BigInt(blocks);
  if (wanted * BigInt(medium.blockSize) > BigInt(CACHE_BYTES)) return;
  const into = new Uint8Array(Number(wanted) * medium.blockSize);
  await withInformation(lba, medium.read(Number(lba) * medium.blockSize, into));
}

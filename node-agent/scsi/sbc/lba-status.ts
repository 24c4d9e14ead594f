// GET LBA STATUS (SBC-3 5.6): which blocks have space on the medium.
import { concat, putUint32, putUint64, uint32, uint64 } from '../spc/bytes.js';
import type { Command } from '../spc/command.js';
import type { LogicalUnit } from '../spc/logical-unit.js';
import type { Medium } from '../types.js';
import { mediumWith, withInformation } from './block-range.js';

const MAPPED = 0x0;
const DEALLOCATED = 0x1;
const HEADER = 8;
const DESCRIPTOR = 16;
/** A fragmented file could fill any allocation length; the initiator asks on from where the list ends. */
const MAXIMUM_DESCRIPTORS = 256;
const BLOCKS_MAX = 0xffff_ffffn;

interface Run {
  lba: bigint;
  blocks: bigint;
  mapped: boolean;
}

/** Without thin provisioning all blocks count as mapped. */
export async function getLbaStatus({ unit, cdb }: Command): Promise<Uint8Array> {
  const lba = uint64(cdb, 2);
  const allocationLength = uint32(cdb, 10);
  const medium = mediumWith(unit, { lba, blocks: 0, lengthField: 10 });
  const wanted = Math.min(MAXIMUM_DESCRIPTORS, Math.max(1, Math.floor((allocationLength - HEADER) / DESCRIPTOR)));
  const descriptors: Uint8Array[] = [];
  for (let at = lba; descriptors.length < wanted && at < medium.blocks;) {
    const run = await runAt(unit, medium, at);
    descriptors.push(descriptorOf(run));
    at += run.blocks;
  }
  const list = concat(...descriptors);
  const header = new Uint8Array(HEADER);
  putUint32(header, 0, list.length + HEADER - 4);
  return concat(header, list).subarray(0, allocationLength);
}

/** A block that has some of its bytes on the medium is mapped. */
async function runAt({ settings }: LogicalUnit, medium: Medium, lba: bigint): Promise<Run> {
  const left = medium.blocks - lba;
  const blocks = left < BLOCKS_MAX ? left : BLOCKS_MAX;
  if (!settings.thinProvisioned) return { lba, blocks, mapped: true };
  const size = BigInt(medium.blockSize);
  let first: { mapped: boolean; length: number } | undefined;
  await withInformation(
    lba,
    medium.extentAt(Number(lba * size), Number(blocks * size)).then((extent) => void (first = extent)),
  );
  const { mapped, length } = first ?? { mapped: true, length: Number(blocks * size) };
  const whole = BigInt(length) / size;
  const partial = BigInt(length) % size === 0n ? 0n : 1n;
  if (mapped) return { lba, blocks: whole + partial, mapped };
  return whole > 0n ? { lba, blocks: whole, mapped } : { lba, blocks: 1n, mapped: true };
}

function descriptorOf({ lba, blocks, mapped }: Run): Uint8Array {
  const descriptor = new Uint8Array(DESCRIPTOR);
  putUint64(descriptor, 0, lba);
  putUint32(descriptor, 8, Number(blocks));
  descriptor[12] = mapped ? MAPPED : DEALLOCATED;
  return descriptor;
}

// Writes over the whole medium step by step, as FORMAT UNIT and SANITIZE ask for.
import { fromHex } from '../spc/bytes.js';
import type { LogicalUnit } from '../spc/logical-unit.js';
import { noteMediumFailure } from '../spc/medium-failures.js';
import { endOperation, type ErasurePlan } from '../spc/operation.js';
import { MediumError, type Medium } from '../types.js';

/** Bytes of one step: small enough that it can be broken off soon, and a pattern is repeated in memory. */
const STEP_BYTES = 8 * 1024 * 1024;

/**
 * The next step of the unit's operation. False: it has come to its end, well or not; endOperation() is due, between two
 * commands. Rejects only for what is a defect.
 */
export async function advance(unit: LogicalUnit): Promise<boolean> {
  const { operation, medium } = unit;
  if (!operation || operation.failed || !medium) return false;
  const { plan } = operation;
  const step = BigInt(Math.max(1, Math.floor(STEP_BYTES / medium.blockSize)));
  const pass = operation.done / medium.blocks;
  if (pass >= BigInt(plan.passes)) return false;
  const lba = operation.done % medium.blocks;
  const blocks = lba + step < medium.blocks ? step : medium.blocks - lba;
  try {
    await write(unit, medium, patternOf(plan, Number(pass)), lba, Number(blocks));
    // Each pass reaches the disk before the next one begins: else only the last would.
    if (lba + blocks === medium.blocks) await medium.flush();
  } catch (error) {
    if (!(error instanceof MediumError)) throw error;
    noteMediumFailure(unit, error);
    operation.failed = true;
    unit.stateVersion++;
    return false;
  }
  operation.done += blocks;
  return operation.done < medium.blocks * BigInt(plan.passes);
}

/** All of it at once, for a command without IMMED, which runs alone on the unit. */
export async function eraseNow(unit: LogicalUnit): Promise<void> {
  while (await advance(unit));
  endOperation(unit);
}

function patternOf({ pattern, inverts }: ErasurePlan, pass: number): Uint8Array | undefined {
  const bytes = pattern === undefined ? undefined : fromHex(pattern);
  return inverts && pass % 2 === 1 ? bytes?.map((byte) => ~byte & 0xff) : bytes;
}

async function write(
  { settings }: LogicalUnit,
  medium: Medium,
  pattern: Uint8Array | undefined,
  lba: bigint,
  blocks: number,
): Promise<void> {
  const offset = Number(lba) * medium.blockSize;
  const length = blocks * medium.blockSize;
  if (!pattern) {
    return settings.thinProvisioned ? await medium.discard(offset, length) : await medium.zero(offset, length);
  }
  const data = new Uint8Array(length);
  for (let at = 0; at < length; at += pattern.length) data.set(pattern, at);
  await medium.write(offset, data, false);
}

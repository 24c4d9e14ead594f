// An operation on the whole medium that goes on after its command, such as FORMAT UNIT with IMMED: its sense, its end.
import type { LogicalUnit } from './logical-unit.js';
import { SENSE, type SenseData } from './sense.js';

/** What is written over the whole medium; JSON. */
export interface ErasurePlan {
  readonly kind: 'format' | 'sanitize';
  /** One block, hexadecimal; nothing: zeros, and space that can be given back is. */
  readonly pattern?: string;
  /** Times that the medium is written over, each with the pattern of the one before inverted where `inverts`. */
  readonly passes: number;
  readonly inverts: boolean;
}

export interface UnitOperation {
  readonly plan: ErasurePlan;
  /** Blocks of all passes together that are done. */
  done: bigint;
  /** It ended with an error; the medium holds neither the old data nor the new. */
  failed: boolean;
}

/** PROGRESS INDICATION is a share of 65,536 (SPC-4 4.5.2.4.4). */
const WHOLE = 65_536n;

/** What commands that need the medium end with, and REQUEST SENSE returns, meanwhile. */
export function operationSense({ plan, done, failed }: UnitOperation, blocks: bigint): SenseData {
  const sanitizes = plan.kind === 'sanitize';
  if (failed) return sanitizes ? SENSE.sanitizeFailed : SENSE.formatCorrupted;
  const all = blocks * BigInt(plan.passes);
  const progress = all === 0n ? 0n : (done * WHOLE) / all;
  return {
    ...(sanitizes ? SENSE.sanitizeInProgress : SENSE.formatInProgress),
    progress: Number(progress < WHOLE ? progress : WHOLE - 1n),
  };
}

export function beginOperation(unit: LogicalUnit, plan: ErasurePlan): void {
  unit.operation = { plan, done: 0n, failed: false };
  unit.stateVersion++;
}

/** Between two commands. What failed stays until a next one succeeds, or is given up. */
export function endOperation(unit: LogicalUnit): void {
  if (!unit.operation || unit.operation.failed) return;
  unit.operation = undefined;
  unit.stateVersion++;
}

/** JSON; how far it was isn't kept: it begins anew. */
export interface StoredOperation {
  plan: ErasurePlan;
  failed: boolean;
}

export function storedOperation({ operation }: LogicalUnit): StoredOperation | null {
  return operation ? { plan: operation.plan, failed: operation.failed } : null;
}

export function restoreOperation(unit: LogicalUnit, stored: StoredOperation | null): void {
  unit.operation = stored ? { ...stored, done: 0n } : undefined;
}

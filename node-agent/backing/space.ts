// The rule that keeps a file system usable: a file grows only while a share of the file system stays free.
import { BackingRefused } from './errors.js';

/** Of a file system; bytes. */
export interface Space {
  size: bigint;
  /** What an unprivileged user may still take: the node's other programs have no more. */
  available: bigint;
}

/**
 * Counts `growth` as if it were wholly allocated: a sparse file takes its space only later, when a write
 * that fails would be the initiator's loss. Throws BackingRefused.
 */
export function checkSpace(path: string, growth: bigint, space: Space, minFreePercent: number): void {
  const keep = (space.size * BigInt(Math.round(minFreePercent * 100))) / 10000n;
  if (growth <= 0n || space.available - growth >= keep) return;
  throw new BackingRefused(
    'InsufficientSpace',
    `${path} needs ${inMebibytes(growth)} more, but its file system of ${inMebibytes(space.size)} has ` +
      `${inMebibytes(space.available)} free and must keep ${inMebibytes(keep)} (${minFreePercent} %, --min-free) free`,
  );
}

function inMebibytes(bytes: bigint): string {
  return `${Math.ceil(Number(bytes) / 2 ** 20)} MiB`;
}

// Random CDBs and parameter lists, of which a good part is right. For tests.
import { putUint16 } from '../spc/bytes.js';
import type { CommandDefinition } from '../spc/command.js';

/** Marsaglia's xorshift of 32 bits. */
export function random(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/**
 * Bits that the command evaluates are random, small numbers being likelier than others; a few reserved ones too. The upper
 * bytes of addresses and lengths are mostly 0, and a length of 16 bits mostly that of the parameter list: or hardly a
 * command would get beyond the first check.
 */
export function randomCdb(
  { usage, serviceAction, dataOut }: CommandDefinition,
  dataLength: number,
  pick: (below: number) => number,
): Uint8Array {
  const cdb = Uint8Array.from(usage, (mask, at) => {
    if (at === 0) return mask;
    const value = pick(4) === 0 ? pick(256) : pick(3);
    return pick(64) === 0 ? value : value & mask;
  });
  if (serviceAction !== undefined) cdb[1] = (pick(4) === 0 ? (cdb[1] ?? 0) & 0xe0 : 0) | serviceAction;
  if (pick(4) === 0) return cdb;
  if (usage.length === 16) cdb.fill(0, 2, 9).fill(0, 10, 13);
  if (usage.length === 12) cdb.fill(0, 2, 5).fill(0, 6, 9);
  if (usage.length === 10) cdb.fill(0, 3, 5);
  if (usage.length === 10 && dataOut && pick(2) === 0) putUint16(cdb, 7, dataLength);
  return cdb;
}

/** Lists that are right, for commands that take few others. */
const RIGHT_LISTS: Readonly<Record<number, Uint8Array>> = {
  0x41: new Uint8Array(512),
  0x48: Uint8Array.from({ length: 24 }, (_, at) => [1, 0, 0, 20][at] ?? 0xa5),
  0x5f: Uint8Array.from({ length: 24 }, (_, at) => (at === 7 || at === 15 ? 1 : 0)),
};

export function randomData({ opcode, dataOut }: CommandDefinition, pick: (below: number) => number): Uint8Array {
  if (!dataOut) return new Uint8Array();
  const right = RIGHT_LISTS[opcode];
  if (right !== undefined && pick(2) === 0) {
    const list = right.slice();
    if (pick(2) === 0) list[pick(list.length)] = pick(4);
    return list;
  }
  const length = [0, 24, 512, 1024, 40][pick(5)] ?? 0;
  const sparse = pick(2) === 0;
  return Uint8Array.from({ length }, () => (sparse && pick(4) !== 0 ? 0 : pick(256)));
}

// Times sessions on a node alone, from their manifest to a generic SCSI device that answers, by a program on the node.
import { built } from '../../env/stack/paths.js';
import type { LoneNode } from '../../kernel/support/lone-node.js';

/** Milliseconds for each of `count` sessions of the target `bench`, which go again before the next one comes. */
export async function sessionTimes(node: LoneNode, count: number): Promise<number[]> {
  const program = built('dist/test/bench/agent/in-guest.js');
  const text = await node.sh(`${process.execPath} ${program} ${count}`, 900_000);
  return text.split('\n').filter(Boolean).map(Number);
}

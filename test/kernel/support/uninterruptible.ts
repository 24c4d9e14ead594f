// Processes of a node that sleep uninterruptibly, and whether one of them is stuck there.
import { eventually } from '../../env/stack/eventually.js';
import type { LoneNode } from './lone-node.js';

/** Of each: pid, name, and how often it was switched from a CPU. The kernel's own threads may sleep as they like. */
const ASLEEP =
  "ps -eo pid=,stat=,comm= | awk '$2 ~ /^D/ && $3 !~ /^(kworker|jbd2)/ {print $1, $3}' | " +
  "while read pid name; do echo $pid $name $(grep -h ctxt /proc/$pid/status 2> /dev/null | tr '\\n' ' '); done";

/** Returns when each that sleeps now has woken, or ended: on a busy node there is always one that waits for a disk. */
export async function nobodyStuck(node: LoneNode): Promise<void> {
  const asleep = async () => (await node.sh(ASLEEP)).split('\n').filter((line) => line !== '');
  let stuck = await asleep();
  await eventually(async () => {
    const still = await asleep();
    stuck = stuck.filter((process) => still.includes(process));
    expect(stuck).toEqual([]);
  });
}

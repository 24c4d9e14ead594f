// Steps go before what the rest of the node does with the disks that they make.
import { constants, getPriority, setPriority } from 'node:os';

const { PRIORITY_HIGH } = constants.priority;

/**
 * Runs `work` before other processes. Each LUN tells all that the session has of itself, by a unit attention (REPORTED LUNS
 * DATA HAS CHANGED) that a disk reports once it is accessed, and which udev answers by looking at the disk again: disks that
 * are made one right after the other are looked at once. `set`: changes the priority of this thread.
 */
export async function withPriority<T>(work: () => Promise<T>, set: (nice: number) => void = setPriority): Promise<T> {
  const former = getPriority();
  if (former <= PRIORITY_HIGH || !raise(() => set(PRIORITY_HIGH))) return await work();
  try {
    return await work();
  } finally {
    set(former);
  }
}

/** The same for a process that does nothing else. */
export function raisePriorityOf(pid: number): void {
  raise(() => setPriority(pid, PRIORITY_HIGH));
}

/** Not permitted, or the process is gone: then it takes longer, and that is all. */
function raise(set: () => void): boolean {
  try {
    set();
    return true;
  } catch {
    return false;
  }
}

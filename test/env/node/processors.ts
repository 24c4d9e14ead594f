// Which of the host's processors a node that has one CPU is bound to.
import { readFileSync } from 'node:fs';

let nodes = 0;

/**
 * In turn, beginning with another in each of jest's workers. UML and the process that runs the guest's program take turns at
 * every system call and page fault: on two processors each turn wakes up an idle one, which takes up to ten times as long as
 * the call.
 */
export function nextProcessor(): number {
  const processors = allowedProcessors(readFileSync('/proc/self/status', 'utf8'));
  nodes += 1;
  const turn = Number(process.env['JEST_WORKER_ID'] ?? 0) + nodes;
  return processors[turn % processors.length] ?? 0;
}

/** From the list of /proc/<pid>/status, such as 0-3,8. */
export function allowedProcessors(status: string): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '0';
  return list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

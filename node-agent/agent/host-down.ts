// Whether the node goes down, as process 1 tells: the agent needs the node's PID namespace for that, as for all it does.
import { readFileSync } from 'node:fs';

/**
 * What systemd becomes when its units are stopped (systemd-shutdown(8)), cut as the kernel cuts it (proc(5), comm): it ends
 * what still runs with SIGTERM, waits up to 90 seconds, unmounts what is left, and powers off or boots again.
 */
const LAST_STAGE = 'systemd-shutdow';

export function systemdEndsTheRest(processOne = '/proc/1/comm'): boolean {
  try {
    return readFileSync(processOne, 'utf8').trim() === LAST_STAGE;
  } catch {
    return false;
  }
}

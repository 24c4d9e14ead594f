// `scst doctor`: looks at this node and what it serves, or at a cluster.
import { diagnoseNode, diagnoseWorld, type Diagnosis } from '../doctor/diagnose.js';
import { gatherFacts } from '../doctor/facts.js';
import { CommandFailed } from '../exit-codes.js';
import type { Paint } from '../terminal.js';
import { connect, socketOf, type ConnectOptions } from '../world/connect.js';

/** Nothing that is wrong ends it: what else is wrong is wanted, too. */
export async function diagnose(
  options: ConnectOptions,
  version: string,
): Promise<{ where: string; found: Diagnosis[] }> {
  const socket = socketOf(options);
  const ofNode = socket === undefined ? [] : diagnoseNode(await gatherFacts());
  try {
    const world = await connect(options, version);
    return { where: world.where, found: [...ofNode, ...diagnoseWorld(world)] };
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    const advice =
      socket === undefined
        ? 'check --kubeconfig and --context; on a lone node run it where the agent runs'
        : 'start scst-node-agent, and run this as root';
    return { where: socket ?? 'cluster', found: [...ofNode, { level: 'error', text: error.message, advice }] };
  }
}

const SIGNS = { ok: 'ok     ', warning: 'warning', error: 'error  ' } as const;

export function diagnosisText(found: readonly Diagnosis[], paint: Paint): string {
  const colours = { ok: paint.green, warning: paint.yellow, error: paint.red };
  return found
    .map(
      ({ level, text, advice }) =>
        `${colours[level](SIGNS[level])}  ${text}\n${advice === undefined ? '' : `         → ${advice}\n`}`,
    )
    .join('');
}

// `scst plan`: what applying or deleting files would do, node by node, and what it would have to wait for.
import { backstoreName } from '../../node-agent/lio/naming.js';
import { CommandFailed, EXIT } from '../exit-codes.js';
import { keyOf, readObjects } from '../files.js';
import type { StepKind } from '../forecast/changes.js';
import { forecast, type NodeForecast } from '../forecast/forecast.js';
import type { Paint } from '../terminal.js';
import { lunRows } from '../world/rows.js';
import { requireObjects, type World } from '../world/world.js';

const SIGNS: Readonly<Record<StepKind, string>> = { add: '+', change: '~', remove: '-', problem: '!' };

export interface PlanOptions {
  path: string;
  node?: string;
  /** The objects of the files would be deleted. */
  delete?: boolean;
  /** By backstore; absent where no node was asked itself. */
  holders?: Readonly<Record<string, readonly string[]>>;
}

export async function plan(
  world: World,
  { path, node, delete: gone = false, holders = {} }: PlanOptions,
): Promise<NodeForecast[]> {
  requireObjects(world);
  if (node !== undefined && !world.places.some(({ name }) => name === node))
    throw new CommandFailed(`there is no node ${node}`, EXIT.usage);
  const objects = await readObjects(path, gone ? [] : world.objects);
  const named = new Set(objects.map(keyOf));
  const others = world.objects.filter((object) => !named.has(keyOf(object)));
  const inUse = new Map(
    lunRows(world).flatMap(({ session, lun }) => {
      const users = holders[backstoreName(session.uid, lun.uid)];
      return users === undefined ? [] : [[`${session.uid}/${lun.uid}`, users] as const];
    }),
  );
  const all = forecast({ world, next: gone ? others : [...others, ...objects], holders: inUse });
  return node === undefined ? all : all.filter((each) => each.node === node);
}

export function planText(world: World, nodes: readonly NodeForecast[], paint: Paint): string {
  if (nodes.length === 0) return 'nothing would change\n';
  const colours = { add: paint.green, change: paint.yellow, remove: paint.red, problem: paint.red };
  const blocks = nodes.map(({ node, steps }) => {
    const lines = steps.map(({ kind, text, blockedBy = [] }) => {
      const waits = blockedBy.length === 0 ? '' : paint.red(`; waits, because it is in use: ${blockedBy.join('; ')}`);
      return `  ${colours[kind](SIGNS[kind])} ${text}${waits}\n`;
    });
    return `${paint.bold(`node ${node}`)}\n${lines.join('')}`;
  });
  const unknown =
    world.kind === 'cluster' ? 'whether a device that goes is in use, only its node knows: run scst plan there\n' : '';
  return `${blocks.join('')}${nodes.some(({ steps }) => steps.some(({ kind }) => kind === 'remove')) ? unknown : ''}`;
}

// `scst export`: what a node has, as an scst.conf.
import { CommandFailed, EXIT } from '../exit-codes.js';
import { exportNode } from '../scstconf/export.js';
import { indexOf, requireObjects, type World } from '../world/world.js';

/** The text of the file. Throws CommandFailed. */
export function exportText(world: World, node: string | undefined): string {
  requireObjects(world);
  const names = world.nodes.map(({ name }) => name);
  const [only] = names;
  const chosen = node ?? (names.length === 1 ? only : undefined);
  if (chosen === undefined || !names.includes(chosen)) {
    const there = names.length === 0 ? 'none has anything' : names.join(', ');
    throw new CommandFailed(
      node === undefined
        ? `which node? --node takes one of: ${there}`
        : `there is no node ${node}; there are: ${there}`,
      EXIT.usage,
    );
  }
  if (world.setupId === undefined) throw new CommandFailed(`node ${chosen} has followed no wish yet`);
  try {
    return exportNode(indexOf(world), chosen, world.setupId);
  } catch (error) {
    throw new CommandFailed((error as Error).message, EXIT.failed, { cause: error });
  }
}

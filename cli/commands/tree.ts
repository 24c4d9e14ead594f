// `scst tree`: targets, their sessions, LUNs and devices on each node, with states and paths.
import { formatQuantity } from '../../crds/quantity.js';
import { diskOf } from '../../crds/disk.js';
import { paintState, type Paint } from '../terminal.js';
import { targetRows, type LunRow } from '../world/rows.js';
import type { NodeView, World } from '../world/world.js';

/** A line, and what hangs below it. */
interface Branch {
  text: string;
  below: Branch[];
}

export function treeText(world: World, paint: Paint): string {
  if (world.nodes.length === 0) return 'no node has anything\n';
  return world.nodes.map((node) => draw(nodeBranch(node, world, paint), '', '')).join('\n');
}

function nodeBranch(node: NodeView, world: World, paint: Paint): Branch {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  const state =
    ready === undefined ? 'not reported yet' : ready.status === 'True' ? 'Ready' : `${ready.reason}: ${ready.message}`;
  const exposed = new Set(node.spec?.luns.map(({ device }) => device));
  const unexposed = (node.spec?.devices ?? []).filter(({ uid }) => !exposed.has(uid));
  return {
    text: `${paint.bold(`node ${node.name}`)}  ${ready?.status === 'True' ? paint.green(state) : paint.yellow(state)}`,
    below: [
      ...targetRows(node).map(({ target, sessions }) => ({
        text: `target ${target.scstName}`,
        below: sessions.map(({ session, status, luns }) => ({
          text: [
            `session ${session.scstName}`,
            ...(session.group === undefined ? [] : [`group ${session.group}`]),
            ...(status?.host === undefined ? [] : [`host${status.host}`]),
            paintState(paint, status?.state ?? 'Pending'),
          ].join('  '),
          below: luns.map((row) => ({ text: lunText(row, paint), below: [] })),
        })),
      })),
      ...unexposed.map(({ scstName }) => ({ text: `device ${scstName}  no LUN on this node`, below: [] })),
      ...(world.manifests?.problems ?? []).map(({ file, line, message }) => ({
        text: paint.red(`${file}${line === undefined ? '' : `:${line}`}: ${message}`),
        below: [],
      })),
      ...(world.manifests?.findings ?? []).map(({ kind, name, reason, message }) => ({
        text: paint.yellow(`${kind} ${name}: ${reason}: ${message}`),
        below: [],
      })),
    ],
  };
}

function lunText({ lun, device, status, node: _ }: LunRow, paint: Paint): string {
  const { state = 'Pending', reason, message, path, block, sg, hctl } = status ?? {};
  const size = device && diskOf(device).size;
  return [
    `LUN ${lun.lun}`,
    device?.scstName ?? '?',
    ...(lun.readOnly ? ['read-only'] : []),
    ...[path, block && `/dev/${block}`, sg && `/dev/${sg}`, hctl].filter((each) => each !== undefined),
    ...(size === undefined ? [] : [formatQuantity(size)]),
    paintState(paint, state),
    ...(state === 'Ready' ? [] : [[reason, message].filter(Boolean).join(': ')]),
  ].join('  ');
}

function draw({ text, below }: Branch, first: string, rest: string): string {
  const children = below.map((child, at) => {
    const last = at === below.length - 1;
    return draw(child, `${rest}${last ? '└─ ' : '├─ '}`, `${rest}${last ? '   ' : '│  '}`);
  });
  return `${first}${text}\n${children.join('')}`;
}

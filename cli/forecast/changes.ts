// What differs between an entry of a node before and after, and whether it has to wait until nobody uses it. Pure.
import { isDeepStrictEqual } from 'node:util';
import { diskOf } from '../../crds/disk.js';
import type { NodeDevice, NodeSession, NodeTarget } from '../../crds/types.js';

export type StepKind = 'add' | 'change' | 'remove' | 'problem';

/** One thing that would happen on a node. */
export interface Step {
  kind: StepKind;
  text: string;
  /** Who uses the device that would go: the step waits for them. Absent: nobody, as far as is known. */
  blockedBy?: string[];
}

export const IN_USE = 'in use as well';
const IDLE = 'once no LUN of it is in use';

/** What may change while LIO serves the device itself; everything else has to wait there (docs/adr/0014-kernel-engine.md). */
const LIO_IN_USE: readonly string[] = ['size', 'maxCommands', 'reclaimPolicy', 'sharing'];

export function deviceSteps(before: NodeDevice | undefined, after: NodeDevice): Step[] {
  if (before === undefined) {
    const { filename = 'nothing is stored' } = diskOf(after);
    return [{ kind: 'add', text: `device ${after.scstName}: ${filename}` }];
  }
  const byLio = before.engine === 'kernel' || after.engine === 'kernel';
  return [
    ...fields(before, after, ['engine']),
    ...fields(diskOf(before), diskOf(after)),
    ...fields(before.identity, after.identity, undefined, 'identity.'),
    ...fields(before, after, ['maxCommands', 'reclaimPolicy', 'sharing']),
  ].map(({ name, text }) => {
    const waits = ['engine', 'blocksize'].includes(name) || (byLio && !LIO_IN_USE.includes(name));
    return { kind: 'change', text: `device ${after.scstName}: ${text}, ${waits ? IDLE : IN_USE}` };
  });
}

export function targetSteps(before: NodeTarget | undefined, after: NodeTarget): Step[] {
  if (before === undefined) return [];
  const changed = fields(before, after, ['scsiTransportVersion', 'physTransportVersion', 'relTgtId']);
  return changed.map(({ text }) => ({ kind: 'change', text: `target ${after.scstName}: ${text}, ${IN_USE}` }));
}

export function sessionSteps(before: NodeSession | undefined, after: NodeSession, name: string): Step[] {
  if (before === undefined) return [];
  return fields(before, after, ['transportId']).map(({ text }) => ({
    kind: 'change',
    text: `session ${name}: ${text}, ${IN_USE}`,
  }));
}

/** The fields that differ, all of them unless some are named, in the order of names. */
function fields<T extends object>(before: T, after: T, only?: readonly (keyof T & string)[], prefix = '') {
  const [was, is] = [before, after] as Record<string, unknown>[] as [Record<string, unknown>, Record<string, unknown>];
  const names = only ?? [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
  return names
    .filter((name) => !isDeepStrictEqual(was[name], is[name]))
    .map((name) => ({ name, text: `${prefix}${name} ${shown(was[name])} → ${shown(is[name])}` }));
}

function shown(value: unknown): string {
  return value === undefined ? 'unset' : typeof value === 'string' ? value : JSON.stringify(value);
}

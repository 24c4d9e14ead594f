// The status of an object out of verdicts and places: counts, at most ten samples, and what each kind adds.
import { isDeepStrictEqual } from 'node:util';
import type { ScstDeviceStatus, ScstLunStatus, ScstSessionStatus, ScstTargetStatus } from '../../crds/types.js';
import { handlerOf } from '../plan/device.js';
import { generationOf, type UserObject } from '../plan/objects.js';
import { formatQuantity } from '../../crds/quantity.js';
import { toConditions, type Verdict } from './conditions.js';
import type { EntryReport, Unit } from './units.js';

/** The status of any kind that users write. */
export type UserStatus = ScstDeviceStatus | ScstTargetStatus | ScstSessionStatus | ScstLunStatus;

const MAX_SAMPLES = 10;

/** The new status; the previous one itself when it says the same. `now` in milliseconds since 1970. */
export function nextStatus(
  object: UserObject,
  verdicts: readonly Verdict[],
  units: readonly Unit[],
  now: number,
): UserStatus {
  const previous = object.status;
  const generation = generationOf(object);
  // metav1.Time has whole seconds.
  const time = new Date(now).toISOString().replace(/[.][0-9]+Z$/, 'Z');
  const status: UserStatus = {
    observedGeneration: generation,
    nodes: countNodes(units),
    conditions: toConditions(verdicts, previous?.conditions, generation, time),
    ...kindPart(object, units),
    samples: samplesFirst(units).map((unit) => ({ ...sampleOf(unit), ...samplePart(object, unit) })),
  };
  return previous !== undefined && isDeepStrictEqual(status, previous) ? previous : status;
}

/** Nodes whose places are all Ready, of the nodes that have a place. */
function countNodes(units: readonly Unit[]): string {
  const nodes = new Map<string, boolean>();
  for (const { node, state } of units) {
    nodes.set(node, (nodes.get(node) ?? true) && state === 'Ready');
  }
  return `${[...nodes.values()].filter(Boolean).length}/${nodes.size}`;
}

function samplesFirst(units: readonly Unit[]): Unit[] {
  return [...units.filter(({ state }) => state !== 'Ready'), ...units.filter(({ state }) => state === 'Ready')].slice(
    0,
    MAX_SAMPLES,
  );
}

function sampleOf({ node, state, reason, message }: Unit): Pick<Unit, 'node' | 'state' | 'reason' | 'message'> {
  return { node, state, ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
}

function kindPart(object: UserObject, units: readonly Unit[]): Partial<ScstDeviceStatus & ScstLunStatus> {
  if (object.kind === 'ScstDevice') {
    const handler = handlerOf(object);
    const [size, ...others] = new Set(units.map(({ entry }) => entry?.size));
    return {
      ...(handler === undefined ? {} : { handler }),
      ...(size === undefined || others.length > 0 ? {} : { size: formatQuantity(size) }),
    };
  }
  if (object.kind === 'ScstLun') {
    const path = units.map(({ entry }) => entry?.path).find((found) => found !== undefined);
    return path === undefined ? {} : { path };
  }
  return {};
}

function samplePart(object: UserObject, { session, entry }: Unit): object {
  switch (object.kind) {
    case 'ScstDevice':
      return pick(entry, ['size']);
    case 'ScstTarget':
      return {};
    case 'ScstSession':
      return pick(entry, ['host']);
    case 'ScstLun':
      return {
        ...(session === undefined ? {} : { session }),
        ...pick(entry, ['path', 'block', 'sg', 'bsg', 'hctl', 'byId']),
      };
  }
}

function pick<K extends keyof EntryReport>(from: EntryReport | undefined, fields: readonly K[]): Partial<EntryReport> {
  const picked: Partial<EntryReport> = {};
  for (const field of fields) {
    if (from?.[field] !== undefined) {
      picked[field] = from[field];
    }
  }
  return picked;
}

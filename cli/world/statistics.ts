// What went through each LUN of a node since the statistics were reset, or since its ring was attached. Pure.
import { backstoreName } from '../../node-agent/lio/naming.js';
import type { RingCounters } from '../../node-agent/protocol/types.js';
import type { LunRow } from './rows.js';
import type { World } from './world.js';

/** Of the ring of a LUN in a session. */
export function countersOf(all: ReadonlyMap<string, RingCounters>, { session, lun }: LunRow): RingCounters | undefined {
  return all.get(backstoreName(session.uid, lun.uid));
}

/** By backstore. A counter below its baseline began anew, with another engine. */
export function statisticsOf({ nodes }: World): Map<string, RingCounters> {
  const found = new Map<string, RingCounters>();
  for (const { units = [], baselines = {} } of nodes) {
    for (const { backstore, counters } of units.flatMap(({ rings }) => rings)) {
      if (counters !== undefined) found.set(backstore, since(counters, baselines[backstore]));
    }
  }
  return found;
}

function since(now: RingCounters, before: RingCounters | undefined): RingCounters {
  if (before === undefined || now.reads + now.writes < before.reads + before.writes) return now;
  const difference = (Object.entries(now) as [keyof RingCounters, number][]).map(([name, value]) => [
    name,
    Math.max(0, value - (before[name] ?? 0)),
  ]);
  return Object.fromEntries(difference) as Record<keyof RingCounters, number>;
}

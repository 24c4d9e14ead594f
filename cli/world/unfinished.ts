// What a lone node has yet to do of objects that were applied or taken away, one line for each thing. Pure.
import { isDeepStrictEqual } from 'node:util';
import type { EntryStatus, UserObject } from '../../crds/types.js';
import type { NodeState } from '../../node-agent/protocol/node.js';
import { keyOf } from '../files.js';
import { lunRows, objectRows, type LunRow, type ObjectRow } from './rows.js';
import { worldOfNode } from './world.js';

/**
 * Of objects that were applied: those that aren't as they stand, and the LUNs of every device, target and session of them. A
 * session is Ready when its SCSI host is there; who applied it waits for its disks.
 */
export function unfinished(state: NodeState, socket: string, applied: readonly UserObject[]): string[] {
  const seen = new Map(state.manifests?.objects.map((object) => [keyOf(object), object]));
  const unseen = applied.filter((object) => !isDeepStrictEqual(seen.get(keyOf(object))?.spec, object.spec));
  const keys = new Set(applied.map(keyOf));
  const uids = new Set(applied.flatMap((object) => seen.get(keyOf(object))?.metadata.uid ?? []));
  const world = worldOfNode(state, socket);
  return [
    ...unseen.map((object) => `${keyOf(object)}: the agent has yet to read it`),
    ...objectRows(world)
      .filter(({ object, state: how }) => keys.has(keyOf(object)) && how !== 'Ready')
      .map(objectText),
    ...lunRows(world)
      .filter(
        ({ lun, device, target, session }) =>
          !uids.has(lun.uid) && [device, target, session].some((each) => each !== undefined && uids.has(each.uid)),
      )
      .filter(({ status }) => status?.state !== 'Ready')
      .map(lunText),
  ];
}

/** What the node still has of objects that were taken away. */
export function remaining({ manifests, status }: NodeState, gone: readonly UserObject[]): string[] {
  const keys = new Set(gone.map(keyOf));
  const names = new Map(gone.map((object) => [object.metadata.uid, keyOf(object)]));
  const there = manifests?.objects.filter((object) => keys.has(keyOf(object))) ?? [];
  const entries: EntryStatus[] = [...(status?.devices ?? []), ...(status?.sessions ?? []), ...(status?.luns ?? [])];
  return [
    ...there.map((object) => `${keyOf(object)}: the agent has yet to see that it is gone`),
    ...entries.flatMap((entry) => {
      const name = names.get(entry.uid);
      return name === undefined ? [] : [lineOf(name, entry)];
    }),
  ];
}

function objectText({ object, ...how }: ObjectRow): string {
  return lineOf(keyOf(object), how);
}

function lunText({ session, lun, status }: LunRow): string {
  return lineOf(`LUN ${lun.lun} of session ${session.name}`, status ?? { state: 'Pending' });
}

function lineOf(
  what: string,
  { state, reason, message }: { state: string; reason?: string; message?: string },
): string {
  return `${what}: ${[state, reason, message].filter(Boolean).join(': ')}`;
}

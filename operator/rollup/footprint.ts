// What a ScstNode names, by uid: asked about once for every object, collected once for every version.
import type { ScstNode } from '../../crds/types.js';
import { heldUids } from '../plan/tombstones.js';
import type { EntryReport } from './units.js';

export interface Footprint {
  /** uids of the entries in spec. */
  readonly entries: ReadonlySet<string>;
  readonly tombstones: ReadonlySet<string>;
  /** uids of everything that status says the node still holds something of. */
  readonly held: ReadonlySet<string>;
  /** What status says about a uid; for a LUN once for each session. */
  readonly reports: ReadonlyMap<string, readonly EntryReport[]>;
}

const footprints = new WeakMap<ScstNode, Footprint>();

/** The footprint of a version of a ScstNode, which must not be changed afterwards. */
export function footprintOf(scstNode: ScstNode): Footprint {
  let footprint = footprints.get(scstNode);
  if (footprint === undefined) {
    const { devices, targets, sessions, luns, tombstones } = scstNode.spec;
    footprint = {
      entries: new Set([devices, targets, sessions, luns].flat().map(({ uid }) => uid)),
      tombstones: new Set(tombstones.map(({ uid }) => uid)),
      held: heldUids(scstNode.status),
      reports: reportsOf(scstNode),
    };
    footprints.set(scstNode, footprint);
  }
  return footprint;
}

function reportsOf({ status }: ScstNode): Map<string, EntryReport[]> {
  const reports = new Map<string, EntryReport[]>();
  const lists: (readonly EntryReport[] | undefined)[] = [
    status?.luns,
    status?.sessions,
    status?.targets,
    status?.devices,
  ];
  for (const report of lists.flatMap((list) => list ?? [])) {
    const known = reports.get(report.uid);
    if (known === undefined) {
      reports.set(report.uid, [report]);
    } else {
      known.push(report);
    }
  }
  return reports;
}

// Whether what the agent has read is a wish at all (DESIGN §3.4): absence, another node's object and an old epoch are not.
import type { NodeDevice, NodeLun, NodeSession, ScstNodeSpec } from '../../crds/types.js';
import type { UnitConfiguration } from '../protocol/types.js';

/** What a source has to say. */
export type SourceState =
  | {
      kind: 'state';
      spec: ScstNodeSpec;
      /** metadata.uid of the ScstNode: its generations count anew when it is made again. */
      objectUID: string;
      /** metadata.generation of the ScstNode; echoed as status.observedGeneration. */
      generation: number;
      /** False: some manifest could not be read, so an entry that is missing may not be removed. */
      complete: boolean;
    }
  | { kind: 'unavailable'; reason: UnavailableReason; message: string };

export type UnavailableReason = 'NotFound' | 'Forbidden' | 'Unreachable' | 'NotSynced' | 'Invalid';

/** What survives a restart of the agent and of the node. */
export interface Journal {
  spec: ScstNodeSpec;
  objectUID: string;
  /** Generation of the accepted ScstNode. */
  generation: number;
  departed: Departed;
  /** What the engine was last asked to serve: a ring is served until the kernel has let it go. */
  served: UnitConfiguration[];
}

/** Entries that left the spec and whose clean-up isn't finished, as they last were. */
export interface Departed {
  devices: NodeDevice[];
  sessions: NodeSession[];
  luns: NodeLun[];
}

export type Acceptance =
  | { accepted: true; journal: Journal }
  | { accepted: false; reason: UnavailableReason | 'OtherNode' | 'StaleEpoch' | 'StaleGeneration'; message: string };

/** Decides what the node should be from now on; with `accepted: false` the journal's state stays in force. */
export function acceptWish(journal: Journal | undefined, state: SourceState, nodeUID: string | undefined): Acceptance {
  if (state.kind === 'unavailable') return { accepted: false, reason: state.reason, message: state.message };
  const own = nodeUID ?? journal?.spec.nodeUID;
  if (own !== undefined && state.spec.nodeUID !== own) {
    return {
      accepted: false,
      reason: 'OtherNode',
      message: `the ScstNode was made for node ${state.spec.nodeUID}, this is ${own}`,
    };
  }
  const known = journal?.spec.nodeUID === state.spec.nodeUID ? journal : undefined;
  if (known !== undefined && state.spec.epoch < known.spec.epoch) {
    return {
      accepted: false,
      reason: 'StaleEpoch',
      message: `epoch ${state.spec.epoch} is below ${known.spec.epoch}, which was seen already`,
    };
  }
  if (known?.objectUID === state.objectUID && state.generation < known.generation) {
    const message = `generation ${state.generation} is below ${known.generation}, which was seen already`;
    return { accepted: false, reason: 'StaleGeneration', message };
  }
  const spec = state.complete || journal === undefined ? state.spec : keepMissing(journal.spec, state.spec);
  const departed = departedAfter(journal, spec);
  const { objectUID, generation } = state;
  return { accepted: true, journal: { spec, objectUID, generation, departed, served: journal?.served ?? [] } };
}

/** An incomplete wish adds and changes, but doesn't remove: what it lacks stays as it was. */
function keepMissing(before: ScstNodeSpec, wish: ScstNodeSpec): ScstNodeSpec {
  const missing = <Entry extends { uid: string }>(old: Entry[], now: Entry[]): Entry[] => {
    const present = new Set(now.map((entry) => entry.uid));
    return [...now, ...old.filter((entry) => !present.has(entry.uid))];
  };
  const place = ({ target, group = '', lun }: NodeLun): string => `${target}/${group}/${lun}`;
  const luns = new Set(wish.luns.map(place));
  return {
    ...wish,
    devices: missing(before.devices, wish.devices),
    targets: missing(before.targets, wish.targets),
    sessions: missing(before.sessions, wish.sessions),
    luns: missing(
      before.luns.filter((old) => wish.luns.some((lun) => lun.uid === old.uid) || !luns.has(place(old))),
      wish.luns,
    ),
  };
}

/** Entries of the former spec (and older ones not yet finished) that the new one lacks. */
function departedAfter(journal: Journal | undefined, spec: ScstNodeSpec): Departed {
  const left = <Entry extends { uid: string }>(
    older: Entry[] = [],
    before: Entry[] = [],
    now: Entry[] = [],
  ): Entry[] => {
    const present = new Set(now.map((entry) => entry.uid));
    const byUid = new Map([...older, ...before].map((entry) => [entry.uid, entry]));
    return [...byUid.values()].filter((entry) => !present.has(entry.uid));
  };
  return {
    devices: left(journal?.departed.devices, journal?.spec.devices, spec.devices),
    sessions: left(journal?.departed.sessions, journal?.spec.sessions, spec.sessions),
    luns: left(journal?.departed.luns, journal?.spec.luns, spec.luns),
  };
}

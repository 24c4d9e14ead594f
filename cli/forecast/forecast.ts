// What a change of objects would do on each node, without doing it: the plan before and after, and what differs. Pure.
import { sees } from '../../crds/lun-set.js';
import type { NodeDevice, NodeLun, NodeSession, ScstNodeSpec, UserObject } from '../../crds/types.js';
import type { Index } from '../../operator/plan/object-index.js';
import { byName, type Finding } from '../../operator/plan/objects.js';
import { objectFindings } from '../../operator/plan/placement.js';
import { planNode, type PlannedSpec } from '../../operator/plan/plan-node.js';
import { indexOf, type World } from '../world/world.js';
import { IN_USE, deviceSteps, sessionSteps, targetSteps, type Step } from './changes.js';

export interface NodeForecast {
  node: string;
  steps: Step[];
}

export interface ForecastInput {
  world: World;
  /** The objects as they would be. */
  next: readonly UserObject[];
  /** Of the nodes' block devices, by `<session uid>/<lun uid>`. */
  holders: ReadonlyMap<string, readonly string[]>;
}

const SETUP_OF_A_FORECAST = 'not set up yet';

/** The nodes on which something would happen, in the order of names. */
export function forecast({ world, next, holders }: ForecastInput): NodeForecast[] {
  const setupId = world.setupId ?? SETUP_OF_A_FORECAST;
  const before = indexOf(world);
  const after = indexOf(world, withUids(next, world.objects));
  return [...world.places]
    .sort(byName)
    .map(({ name }) => {
      const former = world.nodes.find((each) => each.name === name)?.spec ?? planNode(before, name, { setupId }).spec;
      const plan = planNode(after, name, { setupId, kept: keptOf(former) });
      const known = new Set(problemsOf(before, planNode(before, name, { setupId }).findings).map(({ text }) => text));
      const problems = problemsOf(after, plan.findings).filter(({ text }) => !known.has(text));
      return { node: name, steps: [...differences(former, plan.spec, holders), ...problems] };
    })
    .filter(({ steps }) => steps.length > 0);
}

/** An object that is there already keeps its uid; a new one gets one that nothing has. */
function withUids(next: readonly UserObject[], now: readonly UserObject[]): UserObject[] {
  const known = new Map(now.map((object) => [`${object.kind}/${object.metadata.name}`, object.metadata]));
  return next.map((object) => {
    const key = `${object.kind}/${object.metadata.name}`;
    const metadata = known.get(key) ?? { uid: `new ${key}`, creationTimestamp: '9999-12-31T23:59:59Z', generation: 1 };
    return { ...object, metadata: { ...metadata, ...object.metadata, uid: metadata.uid } };
  });
}

function keptOf({ devices, sessions, luns }: PlannedSpec | ScstNodeSpec) {
  const byUid = <T extends { uid: string }>(list: readonly T[]): Map<string, T> =>
    new Map(list.map((each) => [each.uid, each]));
  return { devices: byUid(devices), sessions: byUid(sessions), luns: byUid(luns) };
}

function problemsOf(index: Index, local: readonly Finding[]): Step[] {
  const objects = [
    ...index.devices.values(),
    ...index.targets.values(),
    ...index.sessions.values(),
    ...index.luns.values(),
  ];
  const findings = [...objects.flatMap((object) => objectFindings(index, object)), ...local];
  return findings.map(({ kind, name, reason, message }) => ({
    kind: 'problem',
    text: `${kind} ${name}: ${reason}: ${message}`,
  }));
}

const UNUSED = 'once it isn’t in use';

type Spec = Pick<ScstNodeSpec, 'devices' | 'targets' | 'sessions' | 'luns'>;

interface Pair {
  session: NodeSession;
  lun: NodeLun;
  device: NodeDevice | undefined;
}

function differences(before: Spec, after: Spec, holders: ForecastInput['holders']): Step[] {
  const [was, is] = [pairsOf(before), pairsOf(after)];
  const wasSession = new Set(before.sessions.map(({ uid }) => uid));
  const isSession = new Set(after.sessions.map(({ uid }) => uid));
  const name = (spec: Spec, session: NodeSession) => sessionName(spec, session);
  return [
    ...after.sessions
      .filter(({ uid }) => !wasSession.has(uid))
      .map((session): Step => ({ kind: 'add', text: `session ${name(after, session)}: a SCSI host appears` })),
    ...after.targets.flatMap((target) => targetSteps(find(before.targets, target), target)),
    ...after.sessions.flatMap((session) => sessionSteps(find(before.sessions, session), session, name(after, session))),
    ...after.devices.flatMap((device) => deviceSteps(find(before.devices, device), device)),
    ...[...is].flatMap(([key, pair]) => pairSteps(was.get(key), pair, name(after, pair.session), holders.get(key))),
    ...[...was]
      .filter(([key]) => !is.has(key))
      .map(([key, { session, lun, device }]): Step => ({
        kind: 'remove',
        text: `LUN ${lun.lun} ${device?.scstName ?? ''} of session ${name(before, session)}: its SCSI device goes`,
        ...(holders.has(key) && { blockedBy: [...(holders.get(key) ?? [])] }),
      })),
    ...before.sessions
      .filter(({ uid }) => !isSession.has(uid))
      .map((session): Step => ({ kind: 'remove', text: `session ${name(before, session)}: its SCSI host goes` })),
  ];
}

function find<T extends { uid: string }>(list: readonly T[], { uid }: T): T | undefined {
  return list.find((each) => each.uid === uid);
}

function pairsOf({ sessions, luns, devices }: Spec): Map<string, Pair> {
  const byUid = new Map(devices.map((device) => [device.uid, device]));
  return new Map(
    sessions.flatMap((session) =>
      luns
        .filter((lun) => sees(session, lun))
        .map((lun) => [`${session.uid}/${lun.uid}`, { session, lun, device: byUid.get(lun.device) }] as const),
    ),
  );
}

function sessionName({ targets }: Spec, { target, scstName }: NodeSession): string {
  return `${targets.find(({ uid }) => uid === target)?.scstName ?? '?'}/${scstName}`;
}

function pairSteps(
  before: Pair | undefined,
  { lun, device }: Pair,
  session: string,
  holders: readonly string[] | undefined,
): Step[] {
  const name = device?.scstName ?? '';
  const place = (of: string) => `LUN ${lun.lun} ${of} of session ${session}`;
  if (before === undefined) {
    const appears = device?.vdiskNullio?.dummy === true ? 'its number is taken' : 'a SCSI device appears';
    return [{ kind: 'add', text: `${place(name)}${lun.readOnly ? ', read-only' : ''}: ${appears}` }];
  }
  const steps: Step[] = [];
  if (before.lun.device !== lun.device) {
    const byLio = before.device?.engine === 'kernel' || device?.engine === 'kernel';
    const waits = byLio || lun.sameData !== true;
    const how = byLio ? 'its SCSI device goes and another comes' : `its SCSI device stays, ${waits ? UNUSED : IN_USE}`;
    steps.push({
      kind: 'change',
      text: `${place(before.device?.scstName ?? '')}: the device is ${name} from then on; ${how}`,
      ...(waits && holders !== undefined && { blockedBy: [...holders] }),
    });
  }
  if (before.lun.readOnly !== lun.readOnly) {
    const text = `${place(name)}: readOnly ${before.lun.readOnly} → ${lun.readOnly}, ${IN_USE}`;
    steps.push({ kind: 'change', text });
  }
  return steps;
}

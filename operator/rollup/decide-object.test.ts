// decideObject: what a person reads in an object, and when its finalizer comes and goes.
import { API_VERSION } from '../../crds/names.js';
import type { Condition, NodeLunStatus, ScstNode, ScstNodeStatus, UserObject } from '../../crds/types.js';
import { device, lun, node, put, quickstart, SETUP_ID, session, target } from '../../test/model/objects.js';
import type { ClusterNode } from '../plan/objects.js';
import { Planner } from '../plan/planner.js';
import { decideNode } from '../plan/decide-node.js';
import { decideObject, type ObjectDecision } from './decide-object.js';
import type { AgentHealth, NodeView } from './release.js';
import type { UserStatus } from './status.js';

const NOW = Date.UTC(2026, 5, 1);
const GRACE = 300_000;
const EPOCH = 1;
const n1 = node('n1');

interface Situation {
  objects?: UserObject[];
  nodes?: ClusterNode[];
  /** Default: everything Ready. */
  status?: (node: ScstNode) => ScstNodeStatus;
  agent?: AgentHealth;
  now?: number;
}

/** Decides about one object after the ScstNodes were written for `objects` as they are. */
function decide(object: UserObject, situation: Situation = {}): ObjectDecision {
  const { objects = quickstart(), nodes = [n1], status = allReady, agent = { state: 'Alive' }, now = NOW } = situation;
  const others = objects.filter(({ kind, metadata }) => kind !== object.kind || metadata.name !== object.metadata.name);
  const planner = new Planner(SETUP_ID);
  planner.update([...others, object, ...nodes].map(put));
  const views = nodes.map((one): NodeView => {
    const scstNode = scstNodeOf(planner, one);
    return { name: one.name, node: one, scstNode: { ...scstNode, status: status(scstNode) }, agent };
  });
  return decideObject({ planner, object, nodes: views, epoch: EPOCH, now, gracePeriodMs: GRACE });
}

function scstNodeOf(planner: Planner, { name }: ClusterNode): ScstNode {
  const decision = decideNode({ planner, name, epoch: EPOCH });
  if (decision.action !== 'create') {
    throw new Error(decision.action);
  }
  const metadata = { name, uid: `scstnode-${name}`, generation: 4 };
  return { apiVersion: API_VERSION, kind: 'ScstNode', metadata, spec: decision.spec };
}

function allReady({ spec, metadata }: ScstNode): ScstNodeStatus {
  const ready = <T extends { uid: string; generation: number }>({ uid, generation }: T) => ({
    uid,
    generation,
    state: 'Ready' as const,
  });
  return {
    observedGeneration: metadata.generation ?? 0,
    devices: spec.devices.map((entry) => ({ ...ready(entry), size: entry.vdiskFileio?.size ?? 0 })),
    targets: spec.targets.map(ready),
    sessions: spec.sessions.map((entry) => ({ ...ready(entry), host: 3 })),
    luns: spec.luns.flatMap((entry) =>
      spec.sessions.map((one): NodeLunStatus => {
        const path = `/dev/scst/tgt/${one.name}/lun${entry.lun}`;
        return { ...ready(entry), session: one.uid, path, block: 'sda', sg: 'sg0', hctl: '3:0:1:0' };
      }),
    ),
  };
}

function condition(status: UserStatus | undefined, type: string): Partial<Condition> {
  return status?.conditions?.find((one) => one.type === type) ?? {};
}

const disk = lun('disk', { target: 'tgt', lun: 0, device: 'disk' });

describe('status', () => {
  test('a LUN that its node has says where it is', () => {
    const { status, finalizer } = decide(disk);
    expect(finalizer).toBe('keep');
    expect(status).toMatchObject({
      observedGeneration: 1,
      nodes: '1/1',
      path: '/dev/scst/tgt/host/lun0',
      samples: [{ node: 'n1', session: 'host', state: 'Ready', block: 'sda', sg: 'sg0', hctl: '3:0:1:0' }],
    });
    expect(condition(status, 'Ready')).toMatchObject({ status: 'True', reason: 'Ready', observedGeneration: 1 });
    expect(condition(status, 'Progressing').status).toBe('False');
    expect(condition(status, 'Degraded').status).toBe('False');
  });

  test('a device shows its handler and size, a session its host', () => {
    expect(decide(device('disk')).status).toMatchObject({ handler: 'vdiskFileio', size: '1Mi', nodes: '1/1' });
    expect(decide(session('host', { target: 'tgt' })).status).toMatchObject({ samples: [{ host: 3 }] });
    expect(decide(target('tgt', { nodeName: 'n1' })).status).toMatchObject({ nodes: '1/1' });
  });

  test('operator-03: a status that says the same is not written again, however late it is', () => {
    const { status } = decide(disk);
    expect(decide({ ...disk, status }, { now: NOW + 3_600_000 }).status).toBeUndefined();
  });

  test('a condition keeps its time until its status changes', () => {
    const { status } = decide(disk, { status: () => ({ observedGeneration: 4 }) });
    const later = decide({ ...disk, status }, { now: NOW + 5000 }).status;
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', lastTransitionTime: '2026-06-01T00:00:00Z' });
    expect(condition(later, 'Ready')).toMatchObject({ status: 'True', lastTransitionTime: '2026-06-01T00:00:05Z' });
    expect(condition(later, 'Degraded').lastTransitionTime).toBe('2026-06-01T00:00:00Z');
  });

  test('operator-02: a generation that the node has not applied is never called Ready', () => {
    const second = lun('disk', { ...disk.spec, readOnly: true }, { generation: 2 });
    const { status } = decide(second, {
      status: (scstNode) => {
        const all = allReady(scstNode);
        return { ...all, luns: (all.luns ?? []).map((entry) => ({ ...entry, generation: 1 })) };
      },
    });
    expect(status).toMatchObject({ observedGeneration: 2, nodes: '0/1' });
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: 'Applying' });
    expect(condition(status, 'Progressing').status).toBe('True');
  });

  test('an old echo of an entry that the node is yet to get again is not called Ready', () => {
    const objects = quickstart().map((object) =>
      object.kind === 'ScstSession' ? session('host', { target: 'tgt' }, { finalizer: false }) : object,
    );
    const { status } = decide(session('host', { target: 'tgt' }, { finalizer: false }), {
      objects,
      status: (scstNode) => ({
        ...allReady(scstNode),
        sessions: [{ uid: 'session-host', generation: 1, state: 'Ready' }],
      }),
    });
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: 'Applying' });
  });

  test('what the agent says about a failure is what the object says', () => {
    const { status } = decide(device('disk'), {
      status: () => ({
        observedGeneration: 4,
        devices: [
          {
            uid: 'device-disk',
            generation: 1,
            state: 'Failed',
            reason: 'BackingInUse',
            message: 'ScstDevice other has it',
          },
        ],
      }),
    });
    const expected = { reason: 'BackingInUse', message: 'node n1: ScstDevice other has it' };
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', ...expected });
    expect(condition(status, 'Degraded')).toMatchObject({ status: 'True', ...expected });
  });

  test('an unreachable node makes Ready unknown, not false', () => {
    const { status } = decide(disk, { agent: { state: 'Unknown', since: NOW - 1000 } });
    expect(condition(status, 'Ready')).toMatchObject({ status: 'Unknown', reason: 'NodeUnreachable' });
  });

  test('an agent that can not tell makes Ready unknown, for the reason that it gives', () => {
    const { status } = decide(device('disk'), {
      status: () => ({
        observedGeneration: 4,
        devices: [
          { uid: 'device-disk', generation: 1, state: 'Unknown', reason: 'EngineUnavailable', message: 'no engine' },
        ],
      }),
    });
    expect(condition(status, 'Ready')).toMatchObject({ status: 'Unknown', reason: 'EngineUnavailable' });
  });

  test('operator-11: a node without an agent is named as such', () => {
    const { status } = decide(disk, { agent: { state: 'NeverSeen' }, status: () => ({}) });
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: 'NoAgent' });
    expect(condition(status, 'Ready').message).toContain('n1');
  });

  test.each([
    ['TargetNotFound', disk, quickstart().slice(0, 1), 'False'],
    ['DeviceNotFound', disk, quickstart().slice(1), 'False'],
    ['NotExposed', device('disk'), [], 'False'],
    ['AttributeNotSupported', device('disk', { engine: 'kernel', sharing: 'Shared' }), quickstart(), 'True'],
    ['HandlerNotAvailable', { ...device('disk'), spec: { vcdrom: {} } }, quickstart(), 'True'],
  ] as [string, UserObject, UserObject[], string][])(
    '%s is told, and is Degraded only when something is wrong',
    (reason, object, objects, degraded) => {
      const { status } = decide(object, { objects });
      expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason });
      expect(condition(status, 'Degraded').status).toBe(degraded);
    },
  );

  test('many nodes are counted, and ten of them are shown, those in trouble first', () => {
    const nodes = Array.from({ length: 12 }, (_, number) => node(`n${String(number).padStart(2, '0')}`, { zone: 'a' }));
    const objects = [
      device('disk'),
      target('tgt', { nodeSelector: { matchLabels: { zone: 'a' } } }),
      session('host', { target: 'tgt' }),
    ];
    const { status } = decide(disk, {
      objects,
      nodes,
      status: (scstNode) => (scstNode.metadata.name === 'n11' ? { observedGeneration: 4 } : allReady(scstNode)),
    });
    expect(status).toMatchObject({ nodes: '11/12', samples: { length: 10, 0: { node: 'n11', state: 'Pending' } } });
  });

  test('a LUN with two sessions is Ready when both have it', () => {
    const objects = [...quickstart(), session('second', { target: 'tgt' })];
    expect(decide(disk, { objects }).status).toMatchObject({ nodes: '1/1', samples: { length: 2 } });
    const half = decide(disk, {
      objects,
      status: (scstNode) => {
        const all = allReady(scstNode);
        return { ...all, luns: (all.luns ?? []).slice(0, 1) };
      },
    });
    expect(half.status).toMatchObject({ nodes: '0/1' });
  });
});

describe('finalizer', () => {
  test('comes on an object that has a place, and on no other', () => {
    const bare = lun('disk', disk.spec, { finalizer: false });
    expect(decide(bare).finalizer).toBe('add');
    expect(decide(bare, { objects: [] }).finalizer).toBe('keep');
  });

  const deleted = lun('disk', disk.spec, { deleting: true });
  const holding = (observedGeneration: number): ScstNodeStatus => ({
    observedGeneration,
    luns: [
      {
        uid: 'lun-disk',
        session: 'session-host',
        generation: 1,
        state: 'Terminating',
        path: '/dev/scst/tgt/host/lun0',
        reason: 'InUse',
        message: 'mounted at /mnt',
      },
    ],
  });

  test('goes when the node no longer lists the object', () => {
    expect(decide(deleted)).toMatchObject({ finalizer: 'remove', waitingFor: [] });
  });

  test('stays while the device is in use, and says where and why', () => {
    const decision = decide(deleted, { status: () => holding(4) });
    expect(decision).toMatchObject({ finalizer: 'keep', waitingFor: [{ node: 'n1', reason: 'Detaching' }] });
    expect(condition(decision.status, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'Terminating',
      message: 'node n1: /dev/scst/tgt/host/lun0: InUse: mounted at /mnt',
    });
  });

  test('operator-01: goes after the grace period of a node that is away, and not before', () => {
    const since = NOW - GRACE + 2000;
    const waiting = decide(deleted, { status: () => holding(4), agent: { state: 'Unknown', since } });
    expect(waiting).toMatchObject({ finalizer: 'keep', retryAfterMs: 2000 });
    const over = decide(deleted, { status: () => holding(4), agent: { state: 'Unknown', since: since - 2000 } });
    expect(over.finalizer).toBe('remove');
  });

  test('operator-01: 400 LUNs on 10 vanished nodes go as soon as the nodes are gone', () => {
    const planner = new Planner(SETUP_ID);
    const nodes = Array.from({ length: 10 }, (_, number) => node(`n${number}`));
    const luns = nodes.flatMap(({ name }) =>
      Array.from({ length: 40 }, (_, number) =>
        lun(`${name}-${number}`, { target: name, lun: number, device: 'd' }, { deleting: true }),
      ),
    );
    planner.update([...luns, ...nodes].map(put));
    planner.update(nodes.map(({ name }) => ({ kind: 'Node', name })));
    for (const object of luns) {
      const input = { planner, object, nodes: [], epoch: EPOCH, now: NOW, gracePeriodMs: GRACE };
      expect(decideObject(input).finalizer).toBe('remove');
    }
  });

  test('operator-11: goes at once when no agent was ever there', () => {
    expect(decide(deleted, { agent: { state: 'NeverSeen' }, status: () => ({}) }).finalizer).toBe('remove');
  });

  test('stays until an agent that is there has reported', () => {
    expect(decide(deleted, { status: () => ({}) })).toMatchObject({ waitingFor: [{ node: 'n1', reason: 'NoReport' }] });
  });

  test('stays while the ScstNode is of another leader, or older than the last write', () => {
    const planner = new Planner(SETUP_ID);
    planner.update([...quickstart().slice(0, 3), deleted, n1].map(put));
    const scstNode = { ...scstNodeOf(planner, n1), status: { observedGeneration: 4 } };
    const view: NodeView = { name: 'n1', node: n1, scstNode, agent: { state: 'Alive' } };
    const input = { planner, object: deleted, now: NOW, gracePeriodMs: GRACE };
    const reasonWith = (epoch: number, extra: Partial<NodeView>) =>
      decideObject({ ...input, epoch, nodes: [{ ...view, ...extra }] }).waitingFor.map(({ reason }) => reason);
    expect(reasonWith(EPOCH + 1, {})).toEqual(['NotFenced']);
    expect(reasonWith(EPOCH, { writtenGeneration: 5 })).toEqual(['NotFenced']);
    expect(reasonWith(EPOCH, { writtenGeneration: 4 })).toEqual([]);
  });
});

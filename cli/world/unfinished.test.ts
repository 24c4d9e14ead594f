// What `scst apply` and `scst delete` wait for on a lone node.
import { quickstart, session, SETUP_ID } from '../../test/model/objects.js';
import type { NodeLunStatus, ScstNodeStatus, UserObject } from '../../crds/types.js';
import type { NodeState } from '../../node-agent/protocol/node.js';
import { onLoneNode } from '../../operator/plan/lone-node.js';
import { buildIndex } from '../../operator/plan/object-index.js';
import { planNode } from '../../operator/plan/plan-node.js';
import { remaining, unfinished } from './unfinished.js';

const NODE = { name: 'n1', uid: 'n1', labels: {} };
const objects = [...quickstart(), session('second', { target: 'tgt' })];

/** The state of a node that has done everything, but for what `change` makes of its report. */
function stateOf(there: UserObject[], change: (status: ScstNodeStatus) => void = () => undefined): NodeState {
  const { spec } = planNode(
    buildIndex(
      there.map((object) => onLoneNode(object, NODE.name)),
      [NODE],
    ),
    NODE.name,
    { setupId: SETUP_ID },
  );
  const ready = ({ uid, generation }: { uid: string; generation: number }) => ({
    uid,
    generation,
    state: 'Ready' as const,
  });
  const status = {
    devices: spec.devices.map(ready),
    targets: spec.targets.map(ready),
    sessions: spec.sessions.map(ready),
    luns: spec.luns.flatMap((lun) => spec.sessions.map(({ uid }) => ({ ...ready(lun), session: uid }))),
  } as unknown as ScstNodeStatus;
  change(status);
  return {
    node: NODE.name,
    agentVersion: '1',
    spec: { nodeUID: NODE.uid, epoch: 1, tombstones: [], ...spec },
    status,
    baselines: {},
    manifests: { directory: '/m', objects: there, files: {}, problems: [], findings: [] },
  };
}

const of = (kind: string, name: string): UserObject => {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
};
const lunOf = (status: ScstNodeStatus, sessionName: string): NodeLunStatus => {
  const found = status.luns?.find((each) => each.session === of('ScstSession', sessionName).metadata.uid);
  if (found === undefined) throw new Error(`no LUN of ${sessionName}`);
  return found;
};

it('is nothing where all is as it stands', () => {
  expect(unfinished(stateOf(objects), '/s', objects)).toEqual([]);
});

it('is a session whose host is there, for as long as a disk of it is not', () => {
  const state = stateOf(objects, (status) => {
    Object.assign(lunOf(status, 'second'), { state: 'Pending', reason: 'Creating', message: 'it is being made' });
  });
  const lines = ['LUN 0 of session second: Pending: Creating: it is being made'];
  expect(unfinished(state, '/s', [of('ScstSession', 'second')])).toEqual(lines);
  expect(unfinished(state, '/s', [of('ScstTarget', 'tgt')])).toEqual(lines);
  expect(unfinished(state, '/s', [of('ScstDevice', 'disk')])).toEqual(lines);
  expect(unfinished(state, '/s', [of('ScstSession', 'host')])).toEqual([]);
});

it('is a LUN that the agent says nothing of yet', () => {
  const state = stateOf(objects, (status) => status.luns?.pop());
  expect(unfinished(state, '/s', [of('ScstSession', 'second')])).toEqual(['LUN 0 of session second: Pending']);
});

it('tells of a LUN that was applied once', () => {
  const state = stateOf(objects, (status) => {
    for (const each of status.luns ?? []) Object.assign(each, { state: 'Failed', reason: 'Broken', message: 'so' });
  });
  expect(unfinished(state, '/s', [of('ScstLun', 'disk'), of('ScstSession', 'host')])).toEqual([
    'ScstLun/disk: Failed: Broken: so',
  ]);
});

it('is an object that the agent has not read, in this version', () => {
  const changed = { ...of('ScstSession', 'second'), spec: { target: 'tgt', transportId: 'sas:5000c500a1b2c3d4' } };
  expect(unfinished(stateOf(objects), '/s', [changed as UserObject])).toEqual([
    'ScstSession/second: the agent has yet to read it',
  ]);
  expect(unfinished(stateOf(quickstart()), '/s', [of('ScstSession', 'second')])).toEqual([
    'ScstSession/second: the agent has yet to read it',
  ]);
});

it('is an object that was taken away, until the node reports nothing of it', () => {
  const gone = of('ScstSession', 'second');
  expect(remaining(stateOf(objects), [gone])).toEqual([
    'ScstSession/second: the agent has yet to see that it is gone',
    'ScstSession/second: Ready',
  ]);
  expect(remaining(stateOf(quickstart()), [gone])).toEqual([]);
});

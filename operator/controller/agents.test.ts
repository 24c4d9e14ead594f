// When an agent counts as alive, unknown or never seen.
import type { ScstNode } from '../../crds/types.js';
import type { LeaseObject } from '../kube/lease.js';
import { Agents } from './agents.js';
import type { NodeObject } from './kinds.js';

let time: number;
let agents: Agents;
const node: NodeObject = { metadata: { name: 'n' } };
const notReady: NodeObject = { ...node, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } };
const reported = { metadata: { name: 'n' }, status: {} } as ScstNode;

beforeEach(() => {
  time = 1_000_000;
  agents = new Agents(() => time);
});

function heartbeat(resourceVersion: string): void {
  const lease: LeaseObject = {
    metadata: { name: 'n', resourceVersion },
    // As a machine whose clock is wrong would write it.
    spec: { leaseDurationSeconds: 40, renewTime: '1999-01-01T00:00:00.000000Z' },
  };
  agents.observeLease(lease);
}

describe('an agent', () => {
  it('was never seen while there is neither a Lease nor a report', () => {
    expect(agents.stateOf('n', node, undefined)).toEqual({ state: 'NeverSeen' });
    expect(agents.stateOf('n', node, reported)).toEqual({ state: 'Unknown', since: time });
  });

  it('is alive while its Lease changes within its duration, by the clock of this process', () => {
    for (let beat = 0; beat < 10; beat += 1) {
      heartbeat(String(beat));
      time += 39_000;
      expect(agents.stateOf('n', node, reported)).toEqual({ state: 'Alive' });
    }
  });

  it('is unknown from the moment when its Lease ran out, however late that is noticed', () => {
    heartbeat('1');
    const expected = { state: 'Unknown', since: time + 40_000 };
    time += 90_000;
    heartbeat('1');
    expect(agents.stateOf('n', node, reported)).toEqual(expected);
    time += 90_000;
    expect(agents.stateOf('n', node, reported)).toEqual(expected);
    heartbeat('2');
    expect(agents.stateOf('n', node, reported)).toEqual({ state: 'Alive' });
  });

  it('is unknown while its Node is not ready, or gone', () => {
    heartbeat('1');
    expect(agents.stateOf('n', notReady, reported)).toEqual({ state: 'Unknown', since: time });
    time += 5;
    expect(agents.stateOf('n', undefined, reported)).toEqual({ state: 'Unknown', since: time - 5 });
    expect(agents.stateOf('n', node, reported)).toEqual({ state: 'Alive' });
  });

  it('is unknown, not never seen, when its Lease was deleted after it reported', () => {
    heartbeat('1');
    agents.forgetLease('n');
    expect(agents.stateOf('n', node, reported).state).toBe('Unknown');
  });

  it('tells each change of state once', () => {
    const look = () => agents.changed('n', agents.stateOf('n', node, reported));
    heartbeat('1');
    expect([look(), look()]).toEqual([false, false]);
    time += 41_000;
    expect([look(), look()]).toEqual([true, false]);
    heartbeat('2');
    expect([look(), look()]).toEqual([true, false]);
  });

  it('tells a change and its end, even if nobody looked in between, when a decision may rest on it', () => {
    const look = () => agents.changed('n', agents.stateOf('n', node, reported));
    heartbeat('1');
    expect(look()).toBe(false);
    time += 41_000;
    expect(agents.stateOf('n', node, reported).state).toBe('Unknown');
    heartbeat('2');
    expect([look(), look()]).toEqual([true, false]);
  });
});

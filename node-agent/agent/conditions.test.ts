// The conditions of a node.
import { nodeConditions, withTransitions, type NodeFacts } from './conditions.js';
import { journal } from './fixtures.js';

const facts = (over: Partial<NodeFacts> = {}): NodeFacts => ({
  acceptance: { accepted: true, journal: journal() },
  kernelError: undefined,
  engine: true,
  lists: { devices: [{ uid: 'd', generation: 1, state: 'Ready' }], luns: [] },
  ...over,
});
const ready = (over: Partial<NodeFacts>) => nodeConditions(facts(over)).find(({ type }) => type === 'Ready');

describe('nodeConditions', () => {
  it('is Ready when everything holds', () => {
    expect(nodeConditions(facts()).map(({ type, status }) => [type, status])).toEqual([
      ['DesiredStateAvailable', 'True'],
      ['KernelReady', 'True'],
      ['EngineConnected', 'True'],
      ['Ready', 'True'],
    ]);
  });

  it('names the first thing that is in the way', () => {
    const acceptance = { accepted: false as const, reason: 'NotFound' as const, message: 'no ScstNode' };
    expect(ready({ acceptance })).toMatchObject({ status: 'False', reason: 'NotFound', message: 'no ScstNode' });
    const kernelError = Object.assign(new Error('tcm_loop is missing'), { code: 'ModuleMissing' });
    expect(ready({ kernelError })).toMatchObject({ reason: 'ModuleMissing', message: 'tcm_loop is missing' });
    expect(ready({ engine: false })).toMatchObject({ reason: 'EngineUnavailable' });
    const devices = [
      { uid: 'd', generation: 1, state: 'Failed' as const, reason: 'BackingInUse', message: 'disk2 has it' },
    ];
    expect(ready({ lists: { devices } })).toMatchObject({
      reason: 'BackingInUse',
      message: '1 of 1 entries are not ready; the first: disk2 has it',
    });
  });
});

describe('withTransitions', () => {
  it('moves the time only with the status', () => {
    const condition = { type: 'KernelReady', status: 'True' as const, reason: 'A', message: '' };
    const before = [{ ...condition, lastTransitionTime: 'then' }];
    expect(withTransitions([{ ...condition, reason: 'B' }], before, 'now')[0]).toMatchObject({
      reason: 'B',
      lastTransitionTime: 'then',
    });
    expect(withTransitions([{ ...condition, status: 'False' }], before, 'now')[0]).toMatchObject({
      lastTransitionTime: 'now',
    });
  });
});

// Which LUN and which session a finding or a failed step is shown at.
import {
  backstoreName,
  FILE_HBA,
  kernelBackstoreName,
  sessionWwn,
  StepFailed,
  type Finding,
  type StepResult,
} from '../lio/index.js';
import { BACKSTORE, uid } from './fixtures.js';
import { problemsOf, type Known } from './problems.js';

const WWN = sessionWwn(uid('b'));
const known = (over: Partial<Known> = {}): Known => ({
  sessionUids: [uid('b')],
  pairs: [{ backstore: BACKSTORE, sessionUid: uid('b'), wwn: WWN, lun: 0 }],
  kernelDisks: new Map(),
  leaving: new Set(),
  ...over,
});
const finding = (over: Partial<Finding>): Finding => ({ reason: 'EngineUnavailable', message: 'waits', ...over });

describe('problemsOf', () => {
  it('shows a finding at its LUN, found by backstore or by number', () => {
    const expected = new Map([[BACKSTORE, { state: 'Pending', reason: 'EngineUnavailable', message: 'waits' }]]);
    expect(problemsOf([finding({ backstore: BACKSTORE })], [], known()).luns).toEqual(expected);
    expect(problemsOf([finding({ wwn: WWN, lun: 0 })], [], known()).luns).toEqual(expected);
  });

  it('shows a problem of a session at the session and at each of its LUNs', () => {
    const { luns, sessions } = problemsOf([finding({ wwn: WWN, reason: 'ForeignObject' })], [], known());
    expect(luns.get(BACKSTORE)).toMatchObject({ state: 'Failed', reason: 'ForeignObject' });
    expect(sessions.get(uid('b'))).toMatchObject({ state: 'Failed' });
  });

  it('shows a refused unlink as in use, with who uses it', () => {
    const step = { kind: 'unlink' as const, wwn: WWN, lun: 0, link: 'scst', backstore: BACKSTORE };
    const results: StepResult[] = [{ step, outcome: 'refused', error: new Error('mounted at /mnt') }];
    expect(problemsOf([], results, known({ leaving: new Set([BACKSTORE]) })).luns.get(BACKSTORE)).toEqual({
      state: 'Terminating',
      reason: 'InUse',
      message: 'mounted at /mnt',
    });
  });

  it('takes what the kernel said over what the diff supposed', () => {
    const step = { kind: 'enableBackstore' as const, backstore: BACKSTORE };
    const results: StepResult[] = [
      { step, outcome: 'failed', error: new StepFailed(step, '/sys/x', 'EINVAL', 'Invalid argument') },
    ];
    const { luns } = problemsOf([finding({ backstore: BACKSTORE })], results, known());
    expect(luns.get(BACKSTORE)).toMatchObject({
      state: 'Failed',
      reason: 'StepFailed',
      message: expect.stringContaining('EINVAL') as string,
    });
  });

  it('shows a problem of a file that LIO serves at each LUN that leads to it, and one of a link at its own', () => {
    const other = backstoreName(uid('e'), uid('c'));
    const file = kernelBackstoreName(FILE_HBA, uid('d'));
    const ofFile = known({ kernelDisks: new Map([[file, [BACKSTORE, other]]]) });
    const { luns } = problemsOf([finding({ backstore: file, reason: 'NeedsRecreation' })], [], ofFile);
    expect([...luns.keys()]).toEqual([BACKSTORE, other]);
    const step = { kind: 'link' as const, wwn: WWN, lun: 0, link: other, backstore: file };
    const failed = new StepFailed(step, '/sys/x', 'EINVAL', 'Invalid argument');
    const linked = problemsOf([], [{ step, outcome: 'failed', error: failed }], ofFile);
    expect([...linked.luns.keys()]).toEqual([other]);
  });

  it('says nothing of steps that are done or weren’t tried', () => {
    const step = { kind: 'removeBackstore' as const, backstore: BACKSTORE };
    const results: StepResult[] = [
      { step, outcome: 'done' },
      { step, outcome: 'skipped', because: step },
    ];
    expect(problemsOf([], results, known()).luns.size).toBe(0);
  });
});

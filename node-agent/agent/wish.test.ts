// What counts as a wish for the node, and what is kept when there is none.
import fc from 'fast-check';
import type { NodeDevice, NodeLun, ScstNodeSpec } from '../../crds/types.js';
import * as fixtures from './fixtures.js';
import { acceptWish, type Journal, type SourceState } from './wish.js';

const spec = fixtures.emptySpec;
const device = (uid: string): NodeDevice => fixtures.device({ uid, name: uid });
const lun = (uid: string, number: number): NodeLun =>
  fixtures.lun({ uid, name: uid, target: 'target', lun: number, device: 'device' });
const journal = (over: Partial<Journal> = {}): Journal => fixtures.journal({ spec: spec(), ...over });
const state = (wish: ScstNodeSpec, over: Partial<Extract<SourceState, { kind: 'state' }>> = {}): SourceState => ({
  kind: 'state',
  spec: wish,
  objectUID: 'scstnode',
  generation: 8,
  complete: true,
  ...over,
});

describe('acceptWish', () => {
  it.each(['NotFound', 'Forbidden', 'Unreachable', 'NotSynced', 'Invalid'] as const)(
    'takes %s as no wish',
    (reason) => {
      const result = acceptWish(journal(), { kind: 'unavailable', reason, message: 'why' }, 'node-a');
      expect(result).toEqual({ accepted: false, reason, message: 'why' });
    },
  );

  it('takes the object of another node as no wish', () => {
    expect(acceptWish(journal(), state(spec({ nodeUID: 'node-b' })), 'node-a')).toMatchObject({
      accepted: false,
      reason: 'OtherNode',
    });
  });

  it('holds to the node of its journal while it can’t learn its own uid', () => {
    expect(acceptWish(journal(), state(spec({ nodeUID: 'node-b' })), undefined)).toMatchObject({
      accepted: false,
      reason: 'OtherNode',
    });
  });

  it('takes a former leader’s object as no wish, and the same leader’s again', () => {
    expect(acceptWish(journal(), state(spec({ epoch: 2 })), 'node-a')).toMatchObject({
      accepted: false,
      reason: 'StaleEpoch',
    });
    expect(acceptWish(journal(), state(spec({ epoch: 3 })), 'node-a')).toMatchObject({ accepted: true });
  });

  it('takes an older state of the same ScstNode as no wish, but not one that was made again', () => {
    expect(acceptWish(journal(), state(spec(), { generation: 6 }), 'node-a')).toMatchObject({
      reason: 'StaleGeneration',
    });
    expect(acceptWish(journal(), state(spec(), { generation: 1, objectUID: 'again' }), 'node-a')).toMatchObject({
      accepted: true,
    });
  });

  it('starts anew with a node that was made again under its name', () => {
    const result = acceptWish(journal(), state(spec({ nodeUID: 'node-c', epoch: 0 })), 'node-c');
    expect(result).toMatchObject({ accepted: true, journal: { spec: { nodeUID: 'node-c' } } });
  });

  it('remembers a device that left until its clean-up is done', () => {
    const before = journal({ spec: spec({ devices: [device('a'), device('b')] }) });
    const first = acceptWish(before, state(spec({ devices: [device('b')] })), 'node-a');
    expect(first).toMatchObject({ accepted: true, journal: { departed: { devices: [{ uid: 'a' }] } } });
    if (!first.accepted) throw new Error('not accepted');
    const again = acceptWish(first.journal, state(spec({ devices: [device('a'), device('b')] })), 'node-a');
    expect(again).toMatchObject({ accepted: true, journal: { departed: { devices: [] } } });
  });

  it('removes nothing for an incomplete wish, and gives a LUN number to the newer wish', () => {
    const before = journal({ spec: spec({ devices: [device('a')], luns: [lun('old0', 0), lun('old1', 1)] }) });
    const result = acceptWish(before, state(spec({ luns: [lun('new0', 0)] }), { complete: false }), 'node-a');
    expect(result).toMatchObject({ accepted: true });
    if (!result.accepted) throw new Error('not accepted');
    expect(result.journal.spec.devices.map((entry) => entry.uid)).toEqual(['a']);
    expect(result.journal.spec.luns.map((entry) => entry.uid).sort()).toEqual(['new0', 'old1']);
  });

  it('never loses a device: it is in the spec or among the departed', () => {
    const uids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));
    fc.assert(
      fc.property(fc.array(fc.tuple(uids, fc.boolean()), { minLength: 1, maxLength: 6 }), (wishes) => {
        let current: Journal | undefined;
        const seen = new Set<string>();
        for (const [present, complete] of wishes) {
          const result = acceptWish(current, state(spec({ devices: present.map(device) }), { complete }), 'node-a');
          if (!result.accepted) throw new Error(result.message);
          current = result.journal;
          present.forEach((uid) => seen.add(uid));
          const known = [...current.spec.devices, ...current.departed.devices].map((entry) => entry.uid).sort();
          expect(known).toEqual([...seen].sort());
        }
      }),
    );
  });
});

// Random objects over a few names, so that references hit, miss and conflict often.
import fc from 'fast-check';
import type { UserObject } from '../../crds/types.js';
import type { Change, ClusterNode } from '../../operator/plan/objects.js';
import { at, device, lun, node, put, session, target, type Meta } from './objects.js';

export const NODES = ['n1', 'n2', 'n3'] as const;
const ZONES = ['a', 'b'] as const;
const FEW = ['x', 'y', 'z'] as const;
const GROUPS = ['g', 'h'] as const;
const PATTERNS = ['x', '!y', '*'] as const;

const nodeName = fc.constantFrom(...NODES);
const few = fc.constantFrom(...FEW);

const meta: fc.Arbitrary<Meta> = fc.record({
  created: fc.nat({ max: 4 }),
  generation: fc.integer({ min: 1, max: 3 }),
  deleting: fc.nat({ max: 9 }).map((value) => value === 0),
  uid: fc.nat({ max: 2 }).map((value) => `u${value}`),
});

/** Drops members that are undefined: an absent field is absent. */
function defined<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}

/** An object of any kind. Of its optional fields, each is set in one of `rarity` cases. */
export function userObject(rarity: number): fc.Arbitrary<UserObject> {
  const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.oneof({ weight: rarity - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
  const policy = maybe(fc.constantFrom('Force' as const, 'WaitForIdle' as const));
  const devices = fc
    .tuple(few, meta, maybe(few), maybe(fc.constantFrom('Exclusive' as const, 'Shared' as const)), maybe(few))
    .map(([name, { uid, ...rest }, scstName, sharing, serial]) =>
      device(name, defined({ scstName, sharing, identity: serial === undefined ? undefined : { serial } }) as object, {
        ...rest,
        uid: `device-${name}-${uid}`,
      }),
    );
  const groups = fc.uniqueArray(
    fc.record({ name: fc.constantFrom(...GROUPS), sessions: fc.array(fc.constantFrom(...PATTERNS), { maxLength: 2 }) }),
    { selector: ({ name }) => name, maxLength: 2 },
  );
  const relTgtIds = maybe(fc.integer({ min: 1, max: 2 }));
  const targets = fc
    .tuple(few, meta, maybe(few), maybe(nodeName), fc.constantFrom(...ZONES), relTgtIds, maybe(groups))
    .map(([name, { uid, ...rest }, scstName, on, zone, relTgtId, groupsOf]) => {
      const place = on === undefined ? { nodeSelector: { matchLabels: { zone } } } : { nodeName: on };
      return target(name, defined({ scstName, relTgtId, groups: groupsOf, ...place }), {
        ...rest,
        uid: `target-${name}-${uid}`,
      });
    });
  const sessions = fc
    .tuple(few, meta, few, maybe(few), maybe(nodeName), policy)
    .map(([name, { uid, ...rest }, to, scstName, on, deletionPolicy]) =>
      session(name, defined({ target: to, scstName, nodeName: on, deletionPolicy }), {
        ...rest,
        uid: `session-${name}-${uid}`,
      }),
    );
  const luns = fc
    .tuple(
      fc.constantFrom('k', 'l', 'm', 'n'),
      meta,
      few,
      few,
      fc.nat({ max: 2 }),
      policy,
      maybe(fc.constantFrom(...GROUPS)),
    )
    .map(([name, { uid, ...rest }, to, of, number, deletionPolicy, group]) =>
      lun(name, defined({ target: to, device: of, lun: number, deletionPolicy, group }), {
        ...rest,
        uid: `lun-${name}-${uid}`,
      }),
    );
  return fc.oneof(devices, targets, sessions, luns);
}

export const clusterNode: fc.Arbitrary<ClusterNode> = fc
  .tuple(nodeName, fc.constantFrom(...ZONES), fc.nat({ max: 3 }))
  .map(([name, zone, created]) => ({ ...node(name, { zone }), creationTimestamp: at(created) }));

/** A new version of an object or node, or its end. */
export const change: fc.Arbitrary<Change> = fc
  .tuple(fc.oneof({ weight: 4, arbitrary: userObject(3) }, { weight: 1, arbitrary: clusterNode }), fc.nat({ max: 4 }))
  .map(([object, gone]) => {
    const brought = put(object);
    return gone === 0 ? { kind: brought.kind, name: brought.name } : brought;
  });

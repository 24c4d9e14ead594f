// What holds for every plan: it follows from the state alone, refers only to itself, and keeps the older of two in conflict.
import fc from 'fast-check';
import { change } from '../../test/model/arbitraries.js';
import { SETUP_ID } from '../../test/model/objects.js';
import type { UserObject } from '../../crds/types.js';
import { buildIndex, indexWith, EMPTY_INDEX, type Index } from './object-index.js';
import { byAge, keyText, type Change, type ClusterNode } from './objects.js';
import { sees } from '../../crds/lun-set.js';
import { matchesPattern } from './groups.js';
import { objectFindings } from './placement.js';
import { planAll, type NodePlan } from './plan-node.js';
import { Planner } from './planner.js';

const changes = fc.array(change, { minLength: 5, maxLength: 40, size: 'max' });

/** The objects and nodes that are there after the changes. */
function state(all: readonly Change[]): { objects: UserObject[]; nodes: ClusterNode[] } {
  const last = new Map(all.map((one) => [`${one.kind}/${one.name}`, one]));
  const objects: UserObject[] = [];
  const nodes: ClusterNode[] = [];
  for (const one of last.values()) {
    if (one.kind === 'Node' && one.object !== undefined) {
      nodes.push(one.object);
    } else if (one.kind !== 'Node' && one.object !== undefined) {
      objects.push(one.object);
    }
  }
  return { objects, nodes };
}

function fresh(all: readonly Change[], order: 'asGiven' | 'reversed' = 'asGiven'): Index {
  const { objects, nodes } = state(all);
  return order === 'asGiven' ? buildIndex(objects, nodes) : buildIndex(objects.reverse(), nodes.reverse());
}

function everyPlan(all: readonly Change[]): NodePlan[] {
  return [...planAll(fresh(all), { setupId: SETUP_ID }).values()];
}

test('the plans that follow changes one by one are those of the final state', () => {
  fc.assert(
    fc.property(changes, fc.integer({ min: 1, max: 5 }), (all, batch) => {
      const planner = new Planner(SETUP_ID);
      for (let start = 0; start < all.length; start += batch) {
        planner.update(all.slice(start, start + batch));
        // Asking in between fills the memo, so what isn't invalidated shows.
        for (const name of planner.index.nodes.keys()) {
          planner.plan(name);
        }
      }
      const expected = planAll(fresh(all), { setupId: SETUP_ID });
      expect(new Set(planner.index.nodes.keys())).toEqual(new Set(expected.keys()));
      for (const [name, plan] of expected) {
        expect(planner.plan(name)).toEqual(plan);
      }
    }),
    { numRuns: 1500 },
  );
});

test('an update names every object whose findings it changes, but for those that a node tells', () => {
  fc.assert(
    fc.property(changes, change, (all, last) => {
      const planner = new Planner(SETUP_ID);
      planner.update(all);
      const before = planner.index;
      const named = new Set(planner.update([last]).objects.map(keyText));
      for (const object of state(all).objects) {
        if (!named.has(`${object.kind}/${object.metadata.name}`)) {
          expect(objectFindings(planner.index, object)).toEqual(objectFindings(before, object));
        }
      }
    }),
    { numRuns: 1500 },
  );
});

test('the order of objects does not matter', () => {
  fc.assert(
    fc.property(changes, (all) => {
      const options = { setupId: SETUP_ID };
      expect(planAll(fresh(all, 'reversed'), options)).toEqual(planAll(fresh(all), options));
    }),
  );
});

test('a snapshot stays as it was when another is made from it', () => {
  fc.assert(
    fc.property(changes, changes, (all, more) => {
      const index = indexWith(EMPTY_INDEX, all);
      const before = planAll(index, { setupId: SETUP_ID });
      indexWith(index, more);
      expect(planAll(index, { setupId: SETUP_ID })).toEqual(before);
    }),
  );
});

test('entries refer to entries of the same plan, and lists are in the order of names', () => {
  fc.assert(
    fc.property(changes, (all) => {
      for (const { spec } of everyPlan(all)) {
        const targets = new Set(spec.targets.map(({ uid }) => uid));
        const devices = new Set(spec.devices.map(({ uid }) => uid));
        for (const session of spec.sessions) {
          expect(targets).toContain(session.target);
        }
        for (const lun of spec.luns) {
          expect(targets).toContain(lun.target);
          expect(devices).toContain(lun.device);
        }
        for (const list of [spec.devices, spec.targets, spec.sessions, spec.luns]) {
          const names = list.map(({ name }) => name);
          expect(names).toEqual([...new Set(names)].sort());
        }
      }
    }),
  );
});

test('no two entries of a node claim one LUN number, name or identity', () => {
  fc.assert(
    fc.property(changes, (all) => {
      for (const { spec } of everyPlan(all)) {
        const claims = [
          ...spec.luns.map(({ target, group, lun }) => `lun ${target} ${group} ${lun}`),
          ...spec.targets.flatMap(({ scstName, relTgtId }) => [`target ${scstName}`, `relTgtId ${relTgtId}`]),
          ...spec.sessions.flatMap(({ target, scstName, transportId }) => [
            `session ${target} ${scstName}`,
            `transportId ${target} ${transportId}`,
          ]),
          ...spec.devices.flatMap(({ scstName, identity }) => [
            `device ${scstName}`,
            `naa ${identity.naa}`,
            `serial ${identity.serial}`,
          ]),
        ];
        expect(claims).toHaveLength(new Set(claims).size);
      }
    }),
  );
});

test('a LUN that is told of a conflict is younger than one with its number', () => {
  fc.assert(
    fc.property(changes, (all) => {
      const index = fresh(all);
      const luns = [...index.luns.values()].filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      for (const lun of luns) {
        const rivals = luns.filter(({ spec }) => sees(lun.spec, spec) && spec.lun === lun.spec.lun);
        const oldest = [...rivals].sort(byAge)[0];
        const conflict = objectFindings(index, lun).some(({ reason }) => reason === 'LunConflict');
        expect(conflict).toBe(lun !== oldest);
      }
    }),
  );
});

test('a session is in the only group that matches it, or in none where none does', () => {
  fc.assert(
    fc.property(changes, (all) => {
      const index = fresh(all);
      for (const { spec } of planAll(index, { setupId: SETUP_ID }).values()) {
        for (const { name, group } of spec.sessions) {
          const session = index.sessions.get(name);
          const { groups = [] } = index.targets.get(session?.spec.target ?? '')?.spec ?? {};
          const matching = groups.filter(({ sessions = [] }) =>
            sessions.some((pattern) => matchesPattern(pattern, session?.spec.scstName ?? name)),
          );
          expect(matching.map((each) => each.name)).toEqual(group === undefined ? [] : [group]);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('an Exclusive device is on one node at most', () => {
  fc.assert(
    fc.property(changes, (all) => {
      const seen = new Set<string>();
      for (const { uid, sharing } of everyPlan(all).flatMap(({ spec }) => spec.devices)) {
        expect(sharing === 'Exclusive' && seen.has(uid)).toBe(false);
        seen.add(uid);
      }
    }),
  );
});

// A LUN whose ScstDevice is replaced by another: what a node gets then, and what it keeps.
import type { UserObject } from '../../crds/types.js';
import { device, node, put, quickstart, SETUP_ID } from '../../test/model/objects.js';
import { buildIndex } from './object-index.js';
import { planNode } from './plan-node.js';
import { Planner } from './planner.js';

const n1 = node('n1', { zone: 'a' });
const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);

describe('a LUN that names another device', () => {
  const former = () => planNode(buildIndex(quickstart(), [n1]), 'n1', { setupId: SETUP_ID }).spec;
  const edited = (objects: UserObject[], device: string) =>
    objects.map((each): UserObject => (each.kind === 'ScstLun' ? { ...each, spec: { ...each.spec, device } } : each));
  const planned = (objects: UserObject[]) => {
    const planner = new Planner(SETUP_ID);
    planner.update([...objects, n1].map(put));
    return planner.plan('n1', former()).spec;
  };

  it('exposes that one, and the former has left the node', () => {
    const spec = planned(edited([...quickstart(), device('other')], 'other'));
    expect([names(spec.devices), spec.luns.map((entry) => entry.device)]).toEqual([['other'], ['device-other']]);
  });

  it('stays with the one that it has while that one can’t be had', () => {
    const refused = device('other', { vdiskFileio: { filename: '/var/lib/scst/o.img', size: '1000' } });
    for (const objects of [quickstart(), [...quickstart(), refused]]) {
      const spec = planned(edited(objects, 'other'));
      expect([names(spec.devices), spec.luns]).toEqual([['disk'], former().luns]);
    }
  });

  it('goes where its device was deleted, and not for another', () => {
    expect(planned(quickstart().filter(({ kind }) => kind !== 'ScstDevice')).luns).toEqual([]);
    const withoutBoth = edited(quickstart(), 'other').filter(({ kind }) => kind !== 'ScstDevice');
    expect(planned(withoutBoth).luns).toEqual([]);
  });
});

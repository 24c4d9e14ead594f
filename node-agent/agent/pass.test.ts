// Passes over more than one of them takes on: a step at a time, and what can't be done keeps nothing else waiting.
import { backstoreName } from '../lio/index.js';
import { device, emptySpec, lun, session, spec, target, uid } from './fixtures.js';
import { NODE_UID, World } from './pass-world.fixture.js';

const LUNS = ['1', '2', '3'].map((digit, number) => lun({ uid: uid(digit), lun: number }));
const backstores = LUNS.map((each) => backstoreName(uid('b'), each.uid));

let world: World;
const wish = (luns: typeof LUNS, generation: number) => {
  const everything = { devices: [device()], targets: [target()], sessions: [session()], luns };
  world.state = {
    kind: 'state',
    spec: spec({ ...emptySpec(), ...everything, nodeUID: NODE_UID }),
    objectUID: 'scstnode',
    generation,
    complete: true,
  };
};
const passes = async (count: number) => {
  for (let pass = 0; pass < count; pass += 1) await world.runPass();
};
beforeEach(() => (world = new World()));

it('makes one device after the other, and tells of each', async () => {
  wish(LUNS, 1);
  const ready = () => world.status?.luns?.filter(({ state }) => state === 'Ready').length;
  const seen = new Set<number | undefined>();
  for (let pass = 0; pass < 6; pass += 1) {
    const next = await world.runPass();
    seen.add(ready());
    expect(next).toBe(ready() === LUNS.length ? undefined : 0);
  }
  expect([...seen]).toEqual([1, 2, 3]);
  // udev looks at what is there before there is more, and nobody waits for it with the last.
  expect(world.settled).toEqual([1, 2]);
});

it('takes away what is not in use, and makes what is new, beside a device that is in use', async () => {
  wish(LUNS.slice(0, 2), 1);
  await passes(4);
  const [used = '', , made = ''] = backstores;
  world.inUse.add(used);
  wish(LUNS.slice(2), 2);
  await passes(6);
  expect([...world.linked()].sort()).toEqual([used, made].sort());
  world.inUse.clear();
  await passes(3);
  expect([...world.linked()]).toEqual([made]);
});

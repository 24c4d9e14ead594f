// The protocol between controller and nodes, checked over random histories with the functions that the controller runs.
import fc from 'fast-check';
import type { Action, ControllerAction, MachineAction, UserAction } from './actions.js';
import { clusterNode, NODES, userObject } from './arbitraries.js';
import { device, lun, node, session, target } from './objects.js';
import { World } from './world.js';

const small = fc.nat({ max: 20 });
const several = fc.array(small, { minLength: 1, maxLength: 8 });
const is = fc.constantFrom;

const user: fc.Arbitrary<UserAction> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ by: is('user'), type: is('create'), object: userObject(8) }) },
  { weight: 5, arbitrary: fc.record({ by: is('user'), type: is('edit'), object: userObject(8) }) },
  { weight: 5, arbitrary: fc.record({ by: is('user'), type: is('delete'), choice: small }) },
  { weight: 2, arbitrary: fc.record({ by: is('user'), type: is('forceDeletion', 'stripFinalizer'), choice: small }) },
  { weight: 4, arbitrary: fc.record({ by: is('user'), type: is('putNode'), node: clusterNode }) },
);

function machine<T extends object>(
  weight: number,
  step: T,
): { weight: number; arbitrary: fc.Arbitrary<MachineAction> } {
  const record = { by: is('machine'), machine: fc.nat({ max: NODES.length - 1 }), ...step };
  return { weight, arbitrary: fc.record(record) as unknown as fc.Arbitrary<MachineAction> };
}
const machines: fc.Arbitrary<MachineAction> = fc.oneof(
  machine(15, { type: is('round') }),
  machine(10, { type: is('read'), back: is(0, 0, 0, 1, 2) }),
  machine(10, { type: is('realise'), choices: several }),
  machine(10, { type: is('report') }),
  machine(4, { type: is('start') }),
  machine(4, { type: is('crash', 'powerOff', 'cut', 'join') }),
  machine(3, { type: is('open', 'close'), choice: small }),
  machine(1, { type: is('deleteNode', 'deleteScstNode') }),
);

function control<T extends object>(
  weight: number,
  step: T,
): { weight: number; arbitrary: fc.Arbitrary<ControllerAction> } {
  return {
    weight,
    arbitrary: fc.record({ by: is('controller'), ...step }) as unknown as fc.Arbitrary<ControllerAction>,
  };
}
const controllers: fc.Arbitrary<ControllerAction> = fc.oneof(
  control(15, { type: is('round'), turns: fc.nat({ max: 60 }) }),
  control(20, { type: is('reconcile'), choices: several, slow: is(false, false, true) }),
  control(15, { type: is('deliver'), kind: fc.nat({ max: 5 }), count: fc.integer({ min: 1, max: 6 }) }),
  control(7, { type: is('crash', 'land', 'land') }),
  control(3, { type: is('landOrphan'), choice: small }),
  control(3, { type: is('wait'), seconds: is(10, 60, 400) }),
);

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 3, arbitrary: user },
  { weight: 5, arbitrary: machines },
  { weight: 6, arbitrary: controllers },
);
const history = fc.array(action, { minLength: 1, maxLength: 120, size: 'max' });

/** Three nodes, two of them in zone a with a disk that is Ready, as somebody has who is about to change something. */
function prepared(): World {
  const world = new World();
  for (const object of [
    device('x'),
    target('x', { nodeSelector: { matchLabels: { zone: 'a' } } }),
    session('x', { target: 'x' }),
    lun('k', { target: 'x', device: 'x', lun: 0 }),
  ]) {
    world.run({ by: 'user', type: 'create', object });
  }
  for (const [name, zone] of [
    ['n1', 'a'],
    ['n2', 'a'],
    ['n3', 'b'],
  ] as const) {
    world.run({ by: 'user', type: 'putNode', node: node(name, { zone }) });
  }
  world.settle();
  return world;
}

test('a disk that was applied becomes Ready', () => {
  const world = prepared();
  world.checkSettled();
  expect(world.api.objects.get('ScstLun/k')?.status).toMatchObject({
    nodes: '2/2',
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Progressing', status: 'False' },
      { type: 'Degraded', status: 'False' },
    ],
  });
});

test('a write of a former leader that arrives late finds the finalizer still there', () => {
  const world = prepared();
  world.run({ by: 'user', type: 'create', object: target('y', { nodeName: 'n1' }) });
  world.deliverAll();
  world.controller.runKey('ScstTarget/y', false);
  world.deliverAll();
  world.controller.runKey('node/n1', true);
  world.run({ by: 'controller', type: 'crash' });
  world.api.delete('ScstTarget', 'y');
  world.deliverAll();
  world.controller.runKey('ScstTarget/y', false);
  world.run({ by: 'controller', type: 'landOrphan', choice: 0 });
  expect(world.api.scstNodes.get('n1')?.spec.targets.map(({ name }) => name)).toEqual(['x', 'y']);
  world.settle();
  world.checkSettled();
  expect(world.api.objects.has('ScstTarget/y')).toBe(false);
});

test('an object that is deleted while a write that adds it is on its way waits for that', () => {
  const world = prepared();
  world.run({ by: 'user', type: 'create', object: target('y', { nodeName: 'n1' }) });
  world.deliverAll();
  world.controller.runKey('ScstTarget/y', false);
  world.deliverAll();
  world.controller.runKey('node/n1', true);
  world.api.delete('ScstTarget', 'y');
  world.deliverAll();
  world.controller.runKey('ScstTarget/y', false);
  world.run({ by: 'controller', type: 'land' });
  expect(world.api.scstNodes.get('n1')?.spec.targets.map(({ name }) => name)).toEqual(['x', 'y']);
  world.settle();
  world.checkSettled();
  expect(world.api.objects.has('ScstTarget/y')).toBe(false);
});

test('an object that is deleted before the cache shows the ScstNode that was made with it waits for that', () => {
  const world = new World();
  world.run({ by: 'user', type: 'putNode', node: node('n2', { zone: 'a' }) });
  world.run({ by: 'user', type: 'create', object: target('x', { nodeName: 'n2' }) });
  world.deliverAll();
  world.controller.runKey('ScstTarget/x', false);
  world.deliverAll();
  world.controller.runKey('node/n2', false);
  world.api.delete('ScstTarget', 'x');
  world.controller.deliver('ScstTarget', 1);
  world.controller.runKey('ScstTarget/x', false);
  expect(world.api.objects.get('ScstTarget/x')?.metadata.finalizers).toHaveLength(1);
  world.settle();
  world.checkSettled();
  expect(world.api.objects.has('ScstTarget/x')).toBe(false);
});

test('absence is not a wish: a node keeps what it has while its ScstNode is gone, and when it is back', () => {
  const world = prepared();
  const before = new Map(world.machines[0]?.kernel);
  expect(before.size).toBe(4);
  world.run({ by: 'machine', machine: 0, type: 'deleteScstNode' });
  world.run({ by: 'machine', machine: 0, type: 'round' });
  expect(world.machines[0]?.kernel).toEqual(before);
  world.settle();
  world.checkSettled();
  for (const [key, item] of before) {
    expect(world.machines[0]?.kernel.get(key)).toBe(item);
  }
});

test('no history breaks a promise, and every history ends in what the objects say', () => {
  fc.assert(
    fc.property(fc.boolean(), history, (empty, actions) => {
      const world = empty ? new World() : prepared();
      for (const step of actions) {
        world.run(step);
      }
      world.settle();
      world.checkSettled();
    }),
    { numRuns: 3000 },
  );
  // Longer than a busy machine takes: fewer histories would be no proof.
}, 300_000);

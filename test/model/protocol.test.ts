// The protocol between controller and nodes, checked over random histories with the functions that the controller runs.
import fc from 'fast-check';
import { clusterNode, NODES, userObject } from './arbitraries.js';
import { device, lun, node, session, target } from './objects.js';
import { World, type Action } from './world.js';

const small = fc.nat({ max: 20 });
const aNode = fc.nat({ max: NODES.length - 1 });
const of = <T extends Action>(
  weight: number,
  arbitrary: fc.Arbitrary<T>,
): { weight: number; arbitrary: fc.Arbitrary<Action> } => ({
  weight,
  arbitrary,
});
const type = fc.constant;

const action: fc.Arbitrary<Action> = fc.oneof(
  of(12, fc.record({ type: type('create' as const), object: userObject(8) })),
  of(5, fc.record({ type: type('edit' as const), object: userObject(8) })),
  of(5, fc.record({ type: type('delete' as const), choice: small })),
  of(1, fc.record({ type: type('forceDeletion' as const), choice: small })),
  of(1, fc.record({ type: type('stripFinalizer' as const), choice: small })),
  of(5, fc.record({ type: type('putNode' as const), node: clusterNode })),
  of(1, fc.record({ type: fc.constantFrom('deleteNode' as const, 'deleteScstNode' as const), node: aNode })),
  of(4, fc.record({ type: type('agent' as const), node: aNode, what: type('start' as const) })),
  of(
    4,
    fc.record({
      type: type('agent' as const),
      node: aNode,
      what: fc.constantFrom('crash' as const, 'powerOff' as const, 'cut' as const, 'join' as const),
    }),
  ),
  of(15, fc.record({ type: type('agentRound' as const), node: aNode })),
  of(15, fc.record({ type: type('controllerRound' as const), turns: fc.nat({ max: 60 }) })),
  of(10, fc.record({ type: type('read' as const), node: aNode, back: fc.constantFrom(0, 0, 0, 1, 2) })),
  of(10, fc.record({ type: type('realise' as const), node: aNode, choices: fc.array(small, { maxLength: 8 }) })),
  of(10, fc.record({ type: type('report' as const), node: aNode })),
  of(3, fc.record({ type: type('use' as const), node: aNode, choice: small, open: fc.boolean() })),
  of(2, fc.record({ type: type('controllerCrash' as const) })),
  of(
    15,
    fc.record({ type: type('deliver' as const), kind: fc.nat({ max: 5 }), count: fc.integer({ min: 1, max: 6 }) }),
  ),
  of(
    25,
    fc.record({
      type: type('reconcile' as const),
      choices: fc.array(small, { minLength: 1, maxLength: 8 }),
      slow: fc.nat({ max: 3 }).map((value) => value === 0),
    }),
  ),
  of(5, fc.record({ type: type('land' as const) })),
  of(3, fc.record({ type: type('landOrphan' as const), choice: small })),
  of(3, fc.record({ type: type('wait' as const), seconds: fc.constantFrom(10, 60, 400) })),
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
    world.run({ type: 'create', object });
  }
  for (const [name, zone] of [
    ['n1', 'a'],
    ['n2', 'a'],
    ['n3', 'b'],
  ] as const) {
    world.run({ type: 'putNode', node: node(name, { zone }) });
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
}, 60_000);

// What the doctor says of a node: nothing wrong is no error, and what is wrong comes with what to do.
import type { World } from '../world/world.js';
import { diagnoseNode, diagnoseWorld, type NodeFacts } from './diagnose.js';

const healthy: NodeFacts = {
  modules: new Set(['target_core_mod', 'target_core_user', 'tcm_loop', 'sd_mod', 'sg']),
  configfs: true,
  processes: new Set(['systemd']),
  savedConfigurationHasOurs: false,
};

it('finds nothing wrong with a healthy node', () => {
  expect(diagnoseNode(healthy).map(({ level }) => level)).toEqual(['ok', 'ok']);
});

it.each<[string, Partial<NodeFacts>, RegExp]>([
  [
    'modules are missing',
    { modules: new Set(['sd_mod', 'sg']) },
    /^error kernel modules .*tcm_loop → modprobe target_core_mod/,
  ],
  ['configfs isn’t mounted', { configfs: false }, /^error configfs .* → mount -t configfs/],
  ['SCST’s module is loaded', { modules: new Set([...healthy.modules, 'scst']) }, /^warning SCST’s own/],
  ['targetcli saved our objects', { savedConfigurationHasOurs: true }, /^warning targetcli .* → remove them there/],
  [
    'multipathd takes every disk',
    { processes: new Set(['multipathd']), multipathConfiguration: 'defaults {\n find_multipaths no\n}' },
    /^warning multipathd .*find_multipaths no.* → set find_multipaths/,
  ],
])('tells when %s', (_, facts, expected) => {
  const said = diagnoseNode({ ...healthy, ...facts }).map(({ level, text, advice }) => `${level} ${text} → ${advice}`);
  expect(said).toContainEqual(expect.stringMatching(expected));
});

it.each(['yes', 'strict', undefined])('has nothing against multipathd with find_multipaths %s', (mode) => {
  const multipathConfiguration = mode === undefined ? '' : `find_multipaths ${mode}`;
  const found = diagnoseNode({ ...healthy, processes: new Set(['multipathd']), multipathConfiguration });
  expect(found.every(({ level }) => level === 'ok')).toBe(true);
});

it('tells of a node without an agent, and of objects with their reasons and what to do', () => {
  const world: World = {
    kind: 'cluster',
    where: 'test',
    nodes: [{ name: 'n1' }],
    objects: [
      {
        apiVersion: 'scst.dev/v1alpha1',
        kind: 'ScstDevice',
        metadata: { name: 'd' },
        spec: {},
        status: {
          conditions: [
            { type: 'Ready', status: 'False', reason: 'PathNotAllowed', message: 'not there', lastTransitionTime: '' },
          ],
        },
      },
    ],
    places: [],
    setupId: undefined,
  };
  expect(diagnoseWorld(world)).toEqual([
    { level: 'error', text: 'node n1: no agent has reported', advice: 'start scst-node-agent on it' },
    {
      level: 'error',
      text: 'ScstDevice d: PathNotAllowed: not there',
      advice: expect.stringContaining('--allow-path') as string,
    },
  ]);
});

// From objects to nodes and back: what users see of apply, readiness, conflict and deletion on a real API server.
import { FINALIZER } from '../../crds/names.js';
import type { UserObject } from '../../crds/types.js';
import { Cluster, eventually, quickstart, type OperatorProcess } from './harness.js';
import type { SimulatedAgent } from './simulated-agent.js';

jest.setTimeout(60_000);

const KINDS = ['ScstDevice', 'ScstTarget', 'ScstSession', 'ScstLun'] as const;
let cluster: Cluster;
let operator: OperatorProcess;
let agent: SimulatedAgent;

beforeAll(async () => {
  cluster = await Cluster.start(['worker-1', 'worker-2']);
  operator = await cluster.startOperator();
  agent = await cluster.startSimulatedAgent('worker-1');
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
}, 60_000);

async function ready(kind: UserObject['kind'], name: string): Promise<void> {
  await eventually(async () => expect(await cluster.condition(kind, name)).toMatch(/^True /));
}

async function gone(name: string): Promise<void> {
  await eventually(async () => {
    for (const kind of KINDS) {
      expect(await cluster.user(kind, name)).toBeUndefined();
    }
  });
}

/** The names in a list of the spec of worker-1. */
async function entries(list: 'devices' | 'targets' | 'sessions' | 'luns'): Promise<string[]> {
  return (await cluster.node('worker-1'))?.spec[list].map(({ name }) => name) ?? [];
}

describe('the four objects', () => {
  it.each([
    ['in the order of the documentation', KINDS],
    ['in the opposite order', [...KINDS].reverse()],
    ['with the target last', ['ScstLun', 'ScstDevice', 'ScstSession', 'ScstTarget'] as const],
  ])('become Ready when applied %s', async (title, order) => {
    const name = `order-${order[0].toLowerCase()}-${order[1].toLowerCase()}`;
    const manifests = quickstart(name, 'worker-1');
    for (const kind of order) {
      await cluster.apply(manifests[kind]);
    }
    for (const kind of KINDS) {
      await ready(kind, name);
    }
    const node = await cluster.node('worker-1');
    expect(node?.metadata.ownerReferences).toMatchObject([{ kind: 'Node', name: 'worker-1', uid: node?.spec.nodeUID }]);
    const lun = await cluster.user('ScstLun', name);
    expect(lun?.metadata.finalizers).toEqual([FINALIZER]);
    expect(lun?.status).toMatchObject({ nodes: '1/1', path: `/dev/scst/${name}/${name}/lun0` });
    for (const kind of KINDS) {
      await cluster.delete(kind, name);
    }
    await gone(name);
  });
});

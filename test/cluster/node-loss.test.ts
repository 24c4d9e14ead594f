// Nodes that fall silent, go for good, or come back: what becomes of their objects.
import { LEASES, NODES, pathOf, type ApiObject } from '../../operator/kube/resources.js';
import { SCST_NODES, resourceOf } from '../../operator/controller/kinds.js';
import { USER_KINDS } from '../../crds/names.js';
import { Cluster, NAMESPACE, eventually, quickstart } from './harness.js';

jest.setTimeout(60_000);

/** As short as the agents' Leases in this file allow to tell "unreachable" from "gone". */
const GRACE = '8s';
const LEASE_SECONDS = 1;
let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start(['worker-1', 'worker-2', 'worker-3']);
  await cluster.startOperator({ nodeGracePeriod: GRACE });
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
}, 60_000);

async function applied(name: string, node: string): Promise<void> {
  await cluster.apply(Object.values(quickstart(name, node)).join('---\n'));
  await eventually(async () => expect(await cluster.condition('ScstLun', name)).toMatch(/^True /));
}

async function gone(name: string): Promise<void> {
  await eventually(async () => {
    for (const kind of USER_KINDS) {
      expect(await cluster.user(kind, name)).toBeUndefined();
    }
  });
}

describe('a node whose agent fell silent', () => {
  it('makes its objects Unknown, releases deleted ones after the grace period, and is cleaned up when it returns', async () => {
    const agent = await cluster.startSimulatedAgent('worker-1', LEASE_SECONDS);
    await applied('silent', 'worker-1');
    await agent.stop();
    await eventually(async () => expect(await cluster.condition('ScstLun', 'silent')).toBe('Unknown NodeUnreachable'));

    const deleted = performance.now();
    for (const kind of USER_KINDS) {
      await cluster.delete(kind, 'silent');
    }
    await eventually(async () => {
      const ready = (await cluster.user('ScstLun', 'silent'))?.status?.conditions?.find(({ type }) => type === 'Ready');
      expect(ready?.message).toContain('worker-1');
    });
    await gone('silent');
    expect(performance.now() - deleted).toBeGreaterThan(1_000);
    const tombstones = () =>
      cluster.node('worker-1').then((node) => node?.spec.tombstones.map(({ kind }) => kind).sort());
    expect(await tombstones()).toEqual([...USER_KINDS].sort());

    await cluster.startSimulatedAgent('worker-1', LEASE_SECONDS);
    await eventually(async () => expect(await tombstones()).toEqual([]));
  });
});

describe('operator-01: a node that is gone for good', () => {
  it('takes its ScstNode along, and its objects can be deleted at once', async () => {
    const agent = await cluster.startSimulatedAgent('worker-2', LEASE_SECONDS);
    await applied('lost', 'worker-2');
    await agent.stop();
    await cluster.delete('Node', 'worker-2');
    await cluster.admin.request({ method: 'DELETE', path: pathOf(LEASES, { namespace: NAMESPACE, name: 'worker-2' }) });
    await eventually(async () => expect(await cluster.node('worker-2')).toBeUndefined());
    await eventually(async () => expect(await cluster.condition('ScstTarget', 'lost')).toBe('False NodeNotFound'));
    for (const kind of USER_KINDS) {
      await cluster.delete(kind, 'lost');
    }
    await gone('lost');
  });

  it('holds up nobody, however many objects it had', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `crowd-${index}`);
    const nodes = names.map((name) => `vanished-${name}`);
    await Promise.all(nodes.map((node) => cluster.controlPlane.createNode(node)));
    const manifests = names.flatMap((name, index) => Object.values(quickstart(name, nodes[index])));
    await cluster.apply(manifests.join('---\n'));
    await eventually(async () => {
      for (const node of nodes) {
        expect((await cluster.node(node))?.spec.luns).toHaveLength(1);
      }
    });
    await Promise.all(nodes.map((node) => cluster.delete('Node', node)));
    for (const kind of USER_KINDS) {
      await cluster.controlPlane.kubectlOutput(['delete', resourceOf(kind).plural, '--all', '--wait=false']);
    }
    await eventually(async () => {
      expect(await cluster.controlPlane.kubectlOutput(['get', 'scst', '--output=name'])).toBe('');
    });
    for (const node of nodes) {
      expect(await cluster.node(node)).toBeUndefined();
    }
  });
});

describe('operator-06: a node that is made anew under its old name', () => {
  it('gets a ScstNode of its own, owned by it', async () => {
    await cluster.startSimulatedAgent('worker-3', LEASE_SECONDS);
    await applied('renewed', 'worker-3');
    const before = await cluster.node('worker-3');
    await cluster.delete('Node', 'worker-3');
    const uid = await cluster.controlPlane.createNode('worker-3');
    await eventually(async () => {
      const after = await cluster.node('worker-3');
      expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
      expect(after?.spec).toMatchObject({ nodeUID: uid, luns: [{ name: 'renewed' }] });
      expect(after?.metadata.ownerReferences).toEqual([{ apiVersion: 'v1', kind: 'Node', name: 'worker-3', uid }]);
    });
    await eventually(async () => expect(await cluster.condition('ScstLun', 'renewed')).toMatch(/^True /));
  });

  it('is not written for a Node that nothing selects and that has no agent', async () => {
    await cluster.controlPlane.createNode('idle');
    await applied('other', 'worker-3');
    const nodes = await cluster.admin.request<{ items: ApiObject[] }>({ method: 'GET', path: pathOf(NODES) });
    expect(nodes.items.map(({ metadata }) => metadata.name)).toContain('idle');
    expect(await cluster.get(SCST_NODES, 'idle')).toBeUndefined();
  });
});

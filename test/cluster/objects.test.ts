// From objects to nodes and back: what users see of apply, readiness, conflict and deletion on a real API server.
import { setTimeout as sleep } from 'node:timers/promises';
import { FINALIZER, USER_KINDS } from '../../crds/names.js';
import type { ScstLun, ScstNode, UserObject } from '../../crds/types.js';
import { SCST_NODES, resourceOf } from '../../operator/controller/kinds.js';
import { Reflector } from '../../operator/kube/reflector.js';
import { EVENTS, NODES, pathOf, type ApiObject } from '../../operator/kube/resources.js';
import { Cluster, eventually, quickstart, type OperatorProcess } from './harness.js';
import type { SimulatedAgent } from './simulated-agent.js';

jest.setTimeout(60_000);

let cluster: Cluster;
let operator: OperatorProcess;
let agent: SimulatedAgent;

beforeAll(async () => {
  cluster = await Cluster.start(['worker-1', 'worker-2']);
  operator = await cluster.startOperator();
  agent = await cluster.startSimulatedAgent('worker-1');
  await cluster.startSimulatedAgent('worker-2');
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
}, 60_000);

/** Applies the four objects of the first example under `name`. */
async function applyQuickstart(name: string, node?: string): Promise<void> {
  await cluster.apply(Object.values(quickstart(name, node)).join('---\n'));
}

async function allReady(name: string): Promise<void> {
  for (const kind of USER_KINDS) {
    await eventually(async () => expect(`${kind} ${await cluster.condition(kind, name)}`).toMatch(/ True /));
  }
}

async function deleteAll(name: string, kinds: readonly UserObject['kind'][] = USER_KINDS): Promise<void> {
  for (const kind of kinds) {
    await cluster.delete(kind, name);
  }
}

async function allGone(name: string): Promise<void> {
  await eventually(async () => {
    for (const kind of USER_KINDS) {
      expect(await cluster.user(kind, name)).toBeUndefined();
    }
  });
}

/** Kinds of the tombstones of a node for objects of this name. */
async function tombstones(node: string, name: string): Promise<string[]> {
  const { tombstones: all = [] } = (await cluster.node(node))?.spec ?? {};
  return all.filter((tombstone) => tombstone.name === name).map(({ kind }) => kind);
}

describe('the four objects of the first example', () => {
  it.each([
    ['in the order of the documentation', 'forward', USER_KINDS],
    ['in the opposite order', 'backward', [...USER_KINDS].reverse()],
    ['with the target last', 'late', ['ScstLun', 'ScstDevice', 'ScstSession', 'ScstTarget'] as const],
  ])('become Ready when applied %s', async (_title, name, order) => {
    const manifests = quickstart(name);
    for (const kind of order) {
      await cluster.apply(manifests[kind]);
    }
    await allReady(name);
    const node = await cluster.node('worker-1');
    const { devices, targets, sessions, luns } = node?.spec ?? {};
    const find = (entries: { name: string; uid: string }[] = []) => entries.find((entry) => entry.name === name)?.uid;
    expect(luns?.find((lun) => lun.name === name)).toMatchObject({
      uid: (await cluster.user('ScstLun', name))?.metadata.uid,
      target: find(targets),
      device: find(devices),
      lun: 0,
    });
    expect(sessions?.find((session) => session.name === name)).toMatchObject({ target: find(targets) });
    const status = (await cluster.user('ScstLun', name))?.status;
    expect(status).toMatchObject({ nodes: '2/2', path: `/dev/scst/${name}/${name}/lun0`, observedGeneration: 1 });
    await deleteAll(name, order);
    await allGone(name);
  });

  it('carry the finalizer before their entries are on any node', async () => {
    const finalized = new Map<string, bigint>();
    const entered = new Map<string, bigint>();
    const note = (into: Map<string, bigint>, uid: string, { metadata }: ApiObject) => {
      if (!into.has(uid)) {
        into.set(uid, BigInt(metadata.resourceVersion ?? '0'));
      }
    };
    const reflectors = [
      ...USER_KINDS.map(
        (kind) =>
          new Reflector<UserObject>({
            api: cluster.admin,
            resource: resourceOf(kind),
            onChange: ({ type, object }) => {
              if (type !== 'Deleted' && object.metadata.finalizers?.includes(FINALIZER)) {
                note(finalized, object.metadata.uid ?? '', object);
              }
            },
          }),
      ),
      new Reflector<ScstNode>({
        api: cluster.admin,
        resource: SCST_NODES,
        onChange: ({ object }) => {
          const { devices, targets, sessions, luns } = object.spec;
          [devices, targets, sessions, luns].flat().forEach(({ uid }) => note(entered, uid, object));
        },
      }),
    ];
    await Promise.all(reflectors.map((reflector) => reflector.start()));
    await applyQuickstart('finalized');
    await allReady('finalized');
    await eventually(async () => expect(entered.size).toBeGreaterThanOrEqual(4));
    await Promise.all(reflectors.map((reflector) => reflector.stop()));
    for (const [uid, version] of entered) {
      expect(finalized.get(uid)).toBeLessThan(version);
    }
    await deleteAll('finalized');
    await allGone('finalized');
  });

  it('can be waited for and listed with kubectl', async () => {
    await applyQuickstart('listed', 'worker-1');
    const kubectlOutput = (args: readonly string[]) => cluster.controlPlane.kubectlOutput(args);
    await kubectlOutput(['wait', '--for=condition=Ready', '--timeout=30s', 'scstlun/listed', 'scstdevice/listed']);
    const listing = await kubectlOutput(['get', 'scst']);
    for (const kind of USER_KINDS) {
      expect(listing).toContain(`${kind.toLowerCase()}.scst.dev/listed`);
    }
    const [header = '', row = ''] = (await kubectlOutput(['get', 'scstlun', 'listed'])).split('\n');
    expect(header.split(/\s+/)).toEqual(expect.arrayContaining(['DEVICE', 'LUN', 'TARGET', 'NODES', 'PATH', 'READY']));
    expect(row).toMatch(/^listed +listed +0 +listed +1\/1 +\/dev\/scst\/listed\/listed\/lun0 +True /);
    const described = await eventually(async () => {
      const text = await kubectlOutput(['describe', 'scstlun', 'listed']);
      expect(text).toMatch(/Events:[^]*scst.dev\/operator/);
      return text;
    });
    expect(described).toContain('Ready');
    await deleteAll('listed');
    await allGone('listed');
  });
});

describe('deletion', () => {
  it.each([
    ['LUN first', 'lun-first', ['ScstLun', 'ScstSession', 'ScstTarget', 'ScstDevice'] as const],
    ['device first', 'device-first', ['ScstDevice', 'ScstTarget', 'ScstSession', 'ScstLun'] as const],
  ])('waits for the node to let go, %s', async (_title, name, order) => {
    await applyQuickstart(name, 'worker-1');
    await allReady(name);
    agent.pause();
    await deleteAll(name, order);
    await eventually(async () => expect((await tombstones('worker-1', name)).sort()).toEqual([...USER_KINDS].sort()));
    for (const kind of USER_KINDS) {
      expect((await cluster.user(kind, name))?.metadata.finalizers).toEqual([FINALIZER]);
    }
    agent.resume();
    await allGone(name);
    await eventually(async () => expect(await tombstones('worker-1', name)).toEqual([]));
  });

  it('of a LUN in use says where and by whom, and ends when that does', async () => {
    await applyQuickstart('used', 'worker-1');
    await allReady('used');
    agent.use('used', 'mount (pid 4711)');
    await cluster.delete('ScstLun', 'used');
    await eventually(async () => {
      const conditions = (await cluster.user('ScstLun', 'used'))?.status?.conditions ?? [];
      const ready = conditions.find(({ type }) => type === 'Ready');
      expect(ready?.status).toBe('False');
      expect(ready?.message).toMatch(/worker-1[^]*\/dev\/scst\/used\/used\/lun0[^]*mount \(pid 4711\)/);
    });
    agent.unuse('used');
    await eventually(async () => expect(await cluster.user('ScstLun', 'used')).toBeUndefined());
    await deleteAll('used', ['ScstDevice', 'ScstTarget', 'ScstSession']);
    await allGone('used');
  });

  it('operator-11: of a LUN for a node without an agent is immediate', async () => {
    await cluster.controlPlane.createNode('no-agent');
    await applyQuickstart('nobody', 'no-agent');
    await eventually(async () => expect(await cluster.condition('ScstLun', 'nobody')).toBe('False NoAgent'));
    await deleteAll('nobody');
    await allGone('nobody');
  });
});

describe('what is wrong', () => {
  it('shows on a LUN whose device is missing, and heals when the device comes', async () => {
    const { ScstDevice, ...others } = quickstart('healing');
    await cluster.apply(Object.values(others).join('---\n'));
    await eventually(async () => expect(await cluster.condition('ScstLun', 'healing')).toBe('False DeviceNotFound'));
    await cluster.apply(ScstDevice);
    await allReady('healing');
    await deleteAll('healing');
    await allGone('healing');
  });

  it('shows on a LUN and a session whose target is missing', async () => {
    const { ScstLun, ScstSession } = quickstart('orphan');
    await cluster.apply(`${ScstLun}---\n${ScstSession}`);
    await eventually(async () => expect(await cluster.condition('ScstLun', 'orphan')).toBe('False TargetNotFound'));
    await eventually(async () => expect(await cluster.condition('ScstSession', 'orphan')).toBe('False TargetNotFound'));
    await deleteAll('orphan', ['ScstLun', 'ScstSession']);
    await allGone('orphan');
  });

  it('shows on a device whose handler is not there yet', async () => {
    const { ScstDevice, ...others } = quickstart('cdrom');
    const device = ScstDevice.replace(/spec: .*/, 'spec: {vcdrom: {filename: /var/lib/scst/a.iso}}');
    await cluster.apply(Object.values({ device, ...others }).join('---\n'));
    await eventually(async () =>
      expect(await cluster.condition('ScstDevice', 'cdrom')).toBe('False HandlerNotAvailable'),
    );
    await deleteAll('cdrom');
    await allGone('cdrom');
  });

  it('operator-11: shows on a target whose node does not exist', async () => {
    await applyQuickstart('nowhere', 'no-such-node');
    await eventually(async () => expect(await cluster.condition('ScstTarget', 'nowhere')).toBe('False NodeNotFound'));
    await deleteAll('nowhere');
    await allGone('nowhere');
  });
});

describe('a hundred LUNs on two nodes', () => {
  const COUNT = 100;
  const NODES_WITH_AGENTS = 2;

  it('cost three writes each and ten per node at most', async () => {
    const { ScstLun: manifest, ...others } = quickstart('many');
    await cluster.apply(Object.values(others).join('---\n'));
    await eventually(async () => expect(await cluster.condition('ScstSession', 'many')).toMatch(/^True /));
    const before = await operator.counter('scst_operator_writes_total');
    const luns = Array.from({ length: COUNT }, (_, lun) =>
      manifest.replace('lun: 0', `lun: ${lun}`).replace('name: many', `name: many-${lun}`),
    );
    await cluster.apply(luns.join('---\n'));
    const list = () =>
      cluster.admin.request<{ items: ScstLun[] }>({ method: 'GET', path: pathOf(resourceOf('ScstLun')) });
    await eventually(async () => {
      const { items } = await list();
      expect(items.filter(({ status }) => status?.nodes === `${NODES_WITH_AGENTS}/${NODES_WITH_AGENTS}`)).toHaveLength(
        COUNT,
      );
    });
    await eventually(async () => expect(await operator.counter('scst_operator_queue_depth')).toBe(0));
    const writes = (await operator.counter('scst_operator_writes_total')) - before;
    expect(writes).toBeLessThanOrEqual(3 * COUNT + 10 * NODES_WITH_AGENTS);
    await cluster.controlPlane.kubectlOutput(['delete', 'scstlun', '--all', '--wait=false']);
    await eventually(async () => expect((await list()).items).toEqual([]));
    await deleteAll('many', ['ScstDevice', 'ScstTarget', 'ScstSession']);
    await allGone('many');
  });
});

describe('what is settled', () => {
  const versions = async () => {
    const objects = await Promise.all(USER_KINDS.map((kind) => cluster.user(kind, 'settled')));
    return objects.map((object) => object?.metadata.resourceVersion);
  };

  /** The tombstones of what was deleted before are dropped when the agents have reported, which nothing waited for. */
  const nothingLeftToWrite = async () => {
    for (const node of ['worker-1', 'worker-2']) {
      await eventually(async () => expect((await cluster.node(node))?.spec.tombstones).toEqual([]));
    }
    await eventually(async () => {
      const writes = await operator.counter('scst_operator_writes_total');
      expect(await operator.counter('scst_operator_queue_depth')).toBe(0);
      await sleep(1_000);
      expect(await operator.counter('scst_operator_writes_total')).toBe(writes);
    });
  };

  it('operator-03: is not written again, whatever happens beside it', async () => {
    await applyQuickstart('settled', 'worker-1');
    await allReady('settled');
    await nothingLeftToWrite();
    const before = await versions();
    const writes = await operator.counter('scst_operator_writes_total');
    const reconciles = await operator.counter('scst_operator_reconciles_total');
    for (let round = 0; round < 20; round += 1) {
      await cluster.admin.request({
        method: 'PATCH',
        path: pathOf(NODES, { name: 'worker-1' }),
        contentType: 'application/merge-patch+json',
        body: { metadata: { labels: { round: String(round) } } },
      });
    }
    await eventually(async () =>
      expect(await operator.counter('scst_operator_reconciles_total')).toBeGreaterThan(reconciles),
    );
    expect(await operator.counter('scst_operator_writes_total')).toBe(writes);
    expect(await versions()).toEqual(before);
  });

  it('costs a new operator one write per node, and none per object', async () => {
    const before = await versions();
    expect(await operator.terminate()).toBe(0);
    operator = await cluster.startOperator();
    await eventually(async () => expect(operator.epoch).toBeDefined());
    await eventually(async () => expect((await cluster.node('worker-1'))?.spec.epoch).toBe(operator.epoch));
    await eventually(async () => expect((await cluster.node('worker-2'))?.spec.epoch).toBe(operator.epoch));
    expect(await versions()).toEqual(before);
    const nodes = await cluster.admin.request<{ items: object[] }>({ method: 'GET', path: pathOf(SCST_NODES) });
    expect(await operator.counter('scst_operator_writes_total')).toBe(nodes.items.length);
    await deleteAll('settled');
    await allGone('settled');
  });

  it('is told in an Event once, not each time', async () => {
    const { items } = await cluster.admin.request<{
      items: { reason: string; regarding: { kind: string; name: string } }[];
    }>({ method: 'GET', path: pathOf(EVENTS, { namespace: 'default' }) });
    const about = items.filter(({ regarding }) => regarding.kind === 'ScstLun' && regarding.name === 'settled');
    const reasons = about.map(({ reason }) => reason);
    expect(reasons.length).toBeGreaterThan(0);
    expect(new Set(reasons).size).toBe(reasons.length);
  });
});

// One of several operators leads: stand-by, take-over, and why a former leader changes nothing.
import { LEADER_LEASE, SCST_NODES, SETUP_CONFIG_MAP } from '../../operator/controller/kinds.js';
import { CONFIG_MAPS, LEASES, pathOf, type ApiObject } from '../../operator/kube/resources.js';
import { Cluster, NAMESPACE, eventually, quickstart, type OperatorProcess } from './harness.js';

jest.setTimeout(60_000);

let cluster: Cluster;
let leader: OperatorProcess;
let standBy: OperatorProcess;

beforeAll(async () => {
  cluster = await Cluster.start(['worker-1']);
  await cluster.startSimulatedAgent('worker-1');
  leader = await cluster.startOperator();
  await eventually(async () => expect(leader.epoch).toBeDefined());
  standBy = await cluster.startOperator();
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
}, 60_000);

async function applied(name: string): Promise<void> {
  await cluster.apply(Object.values(quickstart(name)).join('---\n'));
  await eventually(async () => expect(await cluster.condition('ScstLun', name)).toMatch(/^True /));
}

async function epoch(): Promise<number> {
  return (await cluster.node('worker-1'))?.spec.epoch ?? 0;
}

async function setupId(): Promise<string | undefined> {
  const map = await cluster.get<ApiObject & { data?: { setupId?: string } }>(CONFIG_MAPS, SETUP_CONFIG_MAP, NAMESPACE);
  return map?.data?.setupId;
}

describe('leadership', () => {
  it('is with one of two, and the other is ready', async () => {
    await applied('first');
    expect(standBy.epoch).toBeUndefined();
    expect(await standBy.probe('/readyz')).toEqual({ status: 200, body: 'ok\n' });
    expect(await standBy.probe('/healthz')).toEqual({ status: 200, body: 'ok\n' });
    expect(await standBy.counter('scst_operator_writes_total')).toBe(0);
    expect(await epoch()).toBe(leader.epoch);
  });

  it('goes to the stand-by when the leader is killed, under a higher epoch', async () => {
    const before = await epoch();
    await leader.kill();
    await applied('second');
    expect(standBy.epoch).toBeGreaterThan(before);
    await eventually(async () => expect(await epoch()).toBe(standBy.epoch));
  });

  it('is handed over on SIGTERM, sooner than the Lease would run out, and the process ends with 0', async () => {
    leader = standBy;
    standBy = await cluster.startOperator({ leaseDuration: '60s' });
    const before = await epoch();
    // The Lease as it is now runs for 3 s; the stand-by itself would wait for 60 s.
    expect(await leader.terminate()).toBe(0);
    await eventually(async () => expect(standBy.epoch).toBeGreaterThan(before));
    leader = standBy;
  });

  it('that was ends at the API server: a lower epoch is refused', async () => {
    await eventually(async () => expect(await epoch()).toBe(leader.epoch));
    const node = await cluster.node('worker-1');
    const lower = { ...node?.spec, epoch: (await epoch()) - 1, luns: [] };
    const request = cluster.admin.request({
      method: 'PATCH',
      path: pathOf(SCST_NODES, { name: 'worker-1' }),
      query: { fieldManager: 'scst-controller', force: true },
      contentType: 'application/apply-patch+yaml',
      body: { apiVersion: 'scst.dev/v1alpha1', kind: 'ScstNode', metadata: { name: 'worker-1' }, spec: lower },
    });
    await expect(request).rejects.toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining('epoch') as string,
    });
    expect((await cluster.node('worker-1'))?.spec.luns).toHaveLength(2);
  });

  it('gets a higher epoch also after the Lease was deleted', async () => {
    const before = await epoch();
    await leader.kill();
    await cluster.admin.request({
      method: 'DELETE',
      path: pathOf(LEASES, { namespace: NAMESPACE, name: LEADER_LEASE }),
    });
    leader = await cluster.startOperator();
    await eventually(async () => expect(await epoch()).toBeGreaterThan(before));
    expect(await epoch()).toBe(leader.epoch);
  });
});

describe('the id of the installation', () => {
  it('is made once, is what the nodes carry, and survives the loss of its ConfigMap', async () => {
    const id = await setupId();
    expect((await cluster.node('worker-1'))?.spec.setupId).toBe(id);
    await cluster.admin.request({
      method: 'DELETE',
      path: pathOf(CONFIG_MAPS, { namespace: NAMESPACE, name: SETUP_CONFIG_MAP }),
    });
    expect(await leader.terminate()).toBe(0);
    leader = await cluster.startOperator();
    expect(await setupId()).toBe(id);
  });
});

// Connections to the API server that break in every way: changes are seen, and no process ends.
import { Cluster, eventually, quickstart, type OperatorProcess } from './harness.js';
import { FaultyProxy } from './faulty-proxy.js';

jest.setTimeout(180_000);

/** A third of the default, with which a change is to be seen within the minute of operator-04: watch, grace, retries. */
const WATCH_TIMEOUT = '15s';
const LIMIT_MS = 25_000;
/** Of operator-04. While the API server stays away the pauses between two tries grow to half a minute and a fifth. */
const OUTAGE_LIMIT_MS = 60_000;
let cluster: Cluster;
let proxy: FaultyProxy;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await Cluster.start(['worker-1']);
  proxy = await FaultyProxy.start(cluster.controlPlane.server);
  operator = await cluster.startOperator({ server: proxy.url, watchTimeout: WATCH_TIMEOUT });
  await eventually(async () => expect(operator.epoch).toBeDefined());
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
  await proxy?.stop();
}, 60_000);

/** Applies a LUN and its company past the proxy; resolves when the operator has brought it to the node. */
async function seen(name: string, limitMs = LIMIT_MS): Promise<void> {
  await cluster.apply(Object.values(quickstart(name, 'worker-1')).join('---\n'));
  await eventually(async () => {
    const { luns = [] } = (await cluster.node('worker-1'))?.spec ?? {};
    expect(luns.map((lun) => lun.name)).toContain(name);
  }, limitMs);
}

describe('operator-04: a change is seen', () => {
  it('while all is well', () => seen('well'));

  it('after the connections were reset', async () => {
    proxy.reset();
    await seen('reset');
  });

  it('after the connections were closed, twice', async () => {
    proxy.close();
    await seen('closed');
    proxy.close();
    await seen('closed-again');
  });

  it('after the API server was away, without a storm of requests (operator-05)', async () => {
    await cluster.controlPlane.stopApiServer();
    const before = proxy.connections;
    const failures = await operator.counter('scst_operator_watch_errors_total');
    // Seven collections; each is to have failed more than once.
    await eventually(async () =>
      expect(await operator.counter('scst_operator_watch_errors_total')).toBeGreaterThanOrEqual(failures + 21),
    );
    const tried = proxy.connections - before;
    // Leases are tried for every 0.4 s in this test; of the rest each collection has at most five.
    expect(tried).toBeLessThan(7 * 5 + 30);
    await cluster.controlPlane.startApiServer();
    await seen('restarted', OUTAGE_LIMIT_MS);
    expect(operator.running).toBe(true);
  });

  it('after the connections fell silent without an end', async () => {
    proxy.silence();
    await seen('silent');
    expect(operator.running).toBe(true);
  });
});

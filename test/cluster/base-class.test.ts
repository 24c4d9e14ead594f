// What ScstOperator inherits from @dot-i/k8s-operator: every hook of the base class works, and fails loudly.
import Operator, { ResourceEventType, ResourceMetaImpl, type ResourceEvent } from '@dot-i/k8s-operator';
import { pino } from 'pino';
import { FINALIZER } from '../../crds/names.js';
import { customResourceFiles } from '../../operator/controller/custom-resources.js';
import { LEADER_LEASE } from '../../operator/controller/kinds.js';
import { createMetrics } from '../../operator/controller/metrics.js';
import { ScstOperator } from '../../operator/controller/scst-operator.js';
import { loadKubeConfig } from '../../operator/kube/client.js';
import { Cluster, NAMESPACE, eventually, quickstart } from './harness.js';

jest.setTimeout(60_000);

/** Makes the hooks that the base class offers to its subclasses callable. */
class Hooks extends ScstOperator {
  readonly setStatus = this.setResourceStatus.bind(this);
  readonly patchStatus = this.patchResourceStatus.bind(this);
  readonly setFinalizers = this.setResourceFinalizers.bind(this);
  readonly handleFinalizer = this.handleResourceFinalizer.bind(this);
  readonly register = this.registerCustomResourceDefinition.bind(this);
  readonly uri = this.getCustomResourceApiUri.bind(this);
}

let cluster: Cluster;
let operator: Hooks;

beforeAll(async () => {
  cluster = await Cluster.start([]);
  // Somebody else holds the Lease, so that the operator under test stands by and does nothing on its own.
  const held = JSON.stringify({ spec: { holderIdentity: 'nobody', leaseDurationSeconds: 3600 } });
  const patch = ['patch', 'lease', LEADER_LEASE, `--namespace=${NAMESPACE}`, '--type=merge', `--patch=${held}`];
  await cluster.controlPlane.kubectlOutput(patch);
  operator = new Hooks({
    kubeConfig: loadKubeConfig(await cluster.operatorKubeconfig('in-process')),
    namespace: NAMESPACE,
    leaderElect: true,
    leaseDurationSeconds: 30,
    nodeGracePeriodMilliseconds: 300_000,
    watchSeconds: 45,
    logger: pino({ level: 'silent' }),
    metrics: createMetrics(),
  });
  await operator.start();
}, 180_000);

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
}, 60_000);

async function event(name: string): Promise<ResourceEvent> {
  const object = await cluster.user('ScstDevice', name);
  const known = object as unknown as ResourceEvent['object'];
  return {
    type: ResourceEventType.Modified,
    object: known,
    meta: ResourceMetaImpl.createWithPlural('scstdevices', known),
  };
}

/** Applies a device that no LUN exposes and waits until it is in the operator's cache. */
async function device(name: string): Promise<ResourceEvent> {
  await cluster.apply(quickstart(name).ScstDevice);
  const made = await event(name);
  await eventually(() => operator.patchStatus(made.meta, {}));
  return made;
}

describe('ScstOperator', () => {
  it('is an Operator of the library, ready and not leading', () => {
    expect(operator).toBeInstanceOf(Operator);
    expect(operator.notReady()).toEqual([]);
    expect(operator.epoch).toBeUndefined();
  });

  it('writes a status without a resource version, so that other writers do not lose it', async () => {
    const { meta } = await device('status');
    await cluster.controlPlane.kubectlOutput(['label', 'scstdevice', 'status', 'touched=yes']);
    await operator.patchStatus(meta, { nodes: '7/9' });
    expect((await cluster.user('ScstDevice', 'status'))?.status?.nodes).toBe('7/9');
    await operator.setStatus(meta, { nodes: '8/9' });
    expect((await cluster.user('ScstDevice', 'status'))?.status?.nodes).toBe('8/9');
  });

  it('throws what the API server refuses', async () => {
    const { meta } = await device('refused');
    await expect(operator.patchStatus(meta, { nodes: 5 })).rejects.toMatchObject({ reason: 'Invalid' });
    const unknown = { ...meta, name: 'nobody' };
    await expect(operator.setStatus(unknown, {})).rejects.toMatchObject({ reason: 'NotFound' });
    await expect(operator.setFinalizers(unknown, [FINALIZER])).rejects.toMatchObject({ reason: 'NotFound' });
  });

  it('sets its finalizer and leaves those of others', async () => {
    const { meta } = await device('finalizers');
    const patch = JSON.stringify({ metadata: { finalizers: ['example.com/other'] } });
    await cluster.controlPlane.kubectlOutput(['patch', 'scstdevice', 'finalizers', '--type=merge', `--patch=${patch}`]);
    const finalizers = async () => (await cluster.user('ScstDevice', 'finalizers'))?.metadata.finalizers ?? [];
    await eventually(async () => {
      await operator.setFinalizers(meta, [FINALIZER]);
      expect(await finalizers()).toEqual(['example.com/other', FINALIZER]);
    });
    await eventually(async () => {
      await operator.setFinalizers(meta, []);
      expect(await finalizers()).toEqual(['example.com/other']);
    });
  });

  it('runs the deletion of the base class over them', async () => {
    const made = await device('handled');
    expect(await operator.handleFinalizer(made, FINALIZER, () => Promise.resolve())).toBe(true);
    await cluster.delete('ScstDevice', 'handled');
    const deleted: string[] = [];
    const action = ({ meta }: ResourceEvent) => Promise.resolve(void deleted.push(meta.name));
    expect(await operator.handleFinalizer(await event('handled'), FINALIZER, action)).toBe(true);
    expect(deleted).toEqual(['handled']);
    expect(await cluster.user('ScstDevice', 'handled')).toBeUndefined();
  });

  it('verifies CRDs instead of making them', async () => {
    const [file = ''] = customResourceFiles();
    expect(await operator.register(file)).toMatchObject({ group: 'scst.dev', plural: 'scstdevices' });
    const patch = JSON.stringify([
      { op: 'replace', path: '/spec/versions/0/schema/openAPIV3Schema/description', value: 'another version' },
    ]);
    const crd = ['patch', 'crd', 'scstdevices.scst.dev', '--type=json', `--patch=${patch}`];
    await cluster.controlPlane.kubectlOutput(crd);
    await expect(operator.register(file)).rejects.toMatchObject({ code: 'CRD_DIFFERS' });
  });

  it('knows the address of a collection', () => {
    expect(operator.uri('scst.dev', 'v1alpha1', 'scstluns')).toBe(
      `${cluster.controlPlane.server}/apis/scst.dev/v1alpha1/scstluns`,
    );
  });
});

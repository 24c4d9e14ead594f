// Shows that the control plane which the other cluster tests rely on is a real one: RBAC, bound tokens, restart.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ControlPlaneError, startControlPlane, type ControlPlane } from '../env/control-plane/control-plane.js';

const NAMESPACE = 'tenant';
const ACCOUNT = 'agent';

let controlPlane: ControlPlane;
let agentKubeconfig: string;
let nodeUid: string;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  nodeUid = await controlPlane.createNode('worker-1', { disk: 'fast' });
  await controlPlane.createServiceAccount(NAMESPACE, ACCOUNT);
  const token = await controlPlane.boundToken({
    serviceAccount: ACCOUNT,
    namespace: NAMESPACE,
    podName: 'agent-1',
    nodeName: 'worker-1',
  });
  agentKubeconfig = controlPlane.writeKubeconfig({ name: 'agent-1', token, contextNamespace: NAMESPACE });
}, 180_000);

afterAll(async () => {
  await controlPlane?.stop();
}, 30_000);

describe('the control plane', () => {
  it('is ready', async () => {
    expect(await controlPlane.kubectlOutput(['get', '--raw', '/readyz'])).toBe('ok');
  });

  it('refuses what RBAC does not grant to a service account, and lets the administrator do it', async () => {
    const refused = await controlPlane.kubectl(['get', 'secrets'], { kubeconfig: agentKubeconfig });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /\(Forbidden\).*"system:serviceaccount:tenant:agent" cannot list resource "secrets"/,
    );
    expect((await controlPlane.kubectl(['get', 'secrets'])).code).toBe(0);
  });

  it('names Pod and node in the extras of a Pod-bound token', async () => {
    const answer = await controlPlane.kubectlOutput(['auth', 'whoami', '--output=json'], {
      kubeconfig: agentKubeconfig,
    });
    const { status } = JSON.parse(answer) as { status: { userInfo: { username: string; extra: object } } };
    expect(status.userInfo.username).toBe('system:serviceaccount:tenant:agent');
    expect(status.userInfo.extra).toMatchObject({
      'authentication.kubernetes.io/node-name': ['worker-1'],
      'authentication.kubernetes.io/node-uid': [nodeUid],
      'authentication.kubernetes.io/pod-name': ['agent-1'],
    });
  });

  it('makes nodes, accounts and pods only once', async () => {
    expect(await controlPlane.createNode('worker-1', { disk: 'fast' })).toBe(nodeUid);
    const pod = { serviceAccount: ACCOUNT, namespace: NAMESPACE, podName: 'agent-1', nodeName: 'worker-1' };
    await expect(controlPlane.boundToken(pod)).resolves.toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    await expect(controlPlane.boundToken({ ...pod, serviceAccount: 'nobody' })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
    });
  });

  it('writes a kubeconfig for a guest with the address that the guest reaches', () => {
    const path = controlPlane.writeKubeconfig({ name: 'in-guest', token: 'secret', server: 'guest' });
    const { clusters } = parse(readFileSync(path, 'utf8')) as { clusters: { cluster: { server: string } }[] };
    expect(clusters[0]?.cluster.server).toBe(controlPlane.server.replace('127.0.0.1', '10.0.2.2'));
  });

  it('is away after stopApiServer, and back with its data and tokens at the same address after startApiServer', async () => {
    await controlPlane.kubectlOutput(['create', 'configmap', 'kept', '--from-literal=key=value']);
    await controlPlane.stopApiServer();
    expect((await controlPlane.kubectl(['get', '--raw', '/readyz'])).stderr).toMatch(/refused/);
    await controlPlane.startApiServer();
    expect(await controlPlane.kubectlOutput(['get', 'configmap', 'kept', '--output=jsonpath={.data.key}'])).toBe(
      'value',
    );
    expect((await controlPlane.kubectl(['auth', 'whoami'], { kubeconfig: agentKubeconfig })).code).toBe(0);
  }, 180_000);

  it('keeps objects, address and kubeconfigs when it is started again in the same directory', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'scst-control-plane-kept-'));
    const first = await startControlPlane({ directory });
    const token = await first
      .createServiceAccount(NAMESPACE, ACCOUNT)
      .then(() => first.kubectlOutput(['create', 'token', ACCOUNT, `--namespace=${NAMESPACE}`]));
    const kubeconfig = first.writeKubeconfig({ name: 'earlier', token: token.trim() });
    await first.stop();

    const second = await startControlPlane({ directory, port: Number(new URL(first.server).port) });
    try {
      const answer = await second.kubectlOutput(['auth', 'whoami', '--output=jsonpath={.status.userInfo.username}'], {
        kubeconfig,
      });
      expect(answer).toBe('system:serviceaccount:tenant:agent');
    } finally {
      await second.stop();
      rmSync(directory, { recursive: true });
    }
  }, 360_000);

  it('reports the end of the log when a component cannot start', async () => {
    const port = Number(new URL(controlPlane.server).port);
    const directory = mkdtempSync(join(tmpdir(), 'scst-control-plane-failed-'));
    const failure = startControlPlane({ directory, port });
    await expect(failure).rejects.toThrow(ControlPlaneError);
    await expect(failure).rejects.toThrow(/kube-apiserver ended[^]*address already in use/);
    rmSync(directory, { recursive: true });
  }, 180_000);
});

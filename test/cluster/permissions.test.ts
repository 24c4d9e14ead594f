// Who may do what with the roles and the policy that the chart renders, tried with real tokens.
import { SCST_NODES, resourceOf } from '../../operator/controller/kinds.js';
import { ApiClient, loadKubeConfig } from '../../operator/kube/client.js';
import { ApiError } from '../../operator/kube/errors.js';
import { CONFIG_MAPS, LEASES, NODES, pathOf } from '../../operator/kube/resources.js';
import { Cluster, NAMESPACE, eventually, quickstart } from './harness.js';

jest.setTimeout(60_000);

const CAN_I_YES = 'yes\n';
let cluster: Cluster;
/** With the token of a pod of the node agent on worker-1. */
let agent: ApiClient;

beforeAll(async () => {
  cluster = await Cluster.start(['worker-1', 'worker-2']);
  await cluster.startOperator();
  for (const node of ['worker-1', 'worker-2']) {
    await cluster.apply(Object.values(quickstart(`on-${node}`, node)).join('---\n'));
    await eventually(async () => expect((await cluster.node(node))?.spec.luns).toHaveLength(1));
  }
  agent = new ApiClient(loadKubeConfig(await cluster.agentKubeconfig('worker-1')), 'agent-worker-1');
  // A new policy takes a moment until it is enforced.
  await eventually(async () => expect(await refusal(patchStatus('worker-2'))).toBe('403'));
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
}, 60_000);

/** `CODE`, with the message behind it if `withMessage`; `allowed` when it was not refused. */
async function refusal(request: Promise<unknown>, withMessage = false): Promise<string> {
  try {
    await request;
    return 'allowed';
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    return withMessage ? `${error.code} ${error.message}` : String(error.code);
  }
}

function patchStatus(node: string): Promise<unknown> {
  return agent.request({
    method: 'PATCH',
    path: pathOf(SCST_NODES, { name: node, subresource: 'status' }),
    query: { fieldManager: 'scst-agent', force: true, dryRun: 'All' },
    contentType: 'application/apply-patch+yaml',
    body: { apiVersion: 'scst.dev/v1alpha1', kind: 'ScstNode', status: { agentVersion: 'test' } },
  });
}

function createLease(name: string, api = agent): Promise<unknown> {
  return api.request({
    method: 'POST',
    path: pathOf(LEASES, { namespace: NAMESPACE }),
    body: { metadata: { name, namespace: NAMESPACE }, spec: { holderIdentity: name } },
  });
}

describe('the token of a node agent', () => {
  it('may write the status of its own node and its own Lease', async () => {
    expect(await refusal(patchStatus('worker-1'))).toBe('allowed');
    expect(await refusal(createLease('worker-1'))).toBe('allowed');
    expect((await cluster.node('worker-1'))?.metadata.name).toBe('worker-1');
  });

  it('may not write the status of another node, and is told so', async () => {
    expect(await refusal(patchStatus('worker-2'), true)).toMatch(
      /^403 .*the agent of node worker-1 may not write worker-2/,
    );
  });

  it('may not write the Lease of another node, nor that of the leader', async () => {
    expect(await refusal(createLease('worker-2'))).toBe('403');
    const path = pathOf(LEASES, { namespace: NAMESPACE, name: 'scst-operator' });
    const leader = await cluster.admin.request<object>({ method: 'GET', path });
    expect(await refusal(agent.request({ method: 'PUT', path, body: leader }), true)).toMatch(/^403 .*may not write/);
  });

  it('may not write a spec, not even of its own node', async () => {
    for (const contentType of ['application/apply-patch+yaml', 'application/merge-patch+json'] as const) {
      const body = { apiVersion: 'scst.dev/v1alpha1', kind: 'ScstNode', spec: { epoch: 99 } };
      const query = { fieldManager: 'scst-agent' };
      const path = pathOf(SCST_NODES, { name: 'worker-1' });
      expect(await refusal(agent.request({ method: 'PATCH', path, query, contentType, body }))).toBe('403');
      // Through the status subresource a spec is ignored, not written.
      const status = pathOf(SCST_NODES, { name: 'worker-1', subresource: 'status' });
      await agent.request({ method: 'PATCH', path: status, query, contentType, body });
    }
    expect((await cluster.node('worker-1'))?.spec.epoch).toBe(1);
  });

  it.each([
    ['create ScstNodes', 'POST', pathOf(SCST_NODES)],
    ['delete ScstNodes', 'DELETE', pathOf(SCST_NODES, { name: 'worker-1' })],
    ['read the objects of users', 'GET', pathOf(resourceOf('ScstDevice'))],
    ['delete the objects of users', 'DELETE', pathOf(resourceOf('ScstLun'), { name: 'on-worker-1' })],
    ['change its Node', 'PATCH', pathOf(NODES, { name: 'worker-1' })],
    ['read secrets', 'GET', `/api/v1/namespaces/${NAMESPACE}/secrets`],
    ['read the setup id', 'GET', pathOf(CONFIG_MAPS, { namespace: NAMESPACE, name: 'scst-setup' })],
  ] as const)('may not %s', async (_what, method, path) => {
    const body = method === 'GET' ? {} : { body: {}, contentType: 'application/merge-patch+json' as const };
    expect(await refusal(agent.request({ method, path, ...body }))).toBe('403');
  });

  it('may write nothing when it is bound to no node', async () => {
    const token = await cluster.controlPlane.kubectlOutput(['create', 'token', 'scst-node-agent', '-n', NAMESPACE]);
    const kubeconfig = cluster.controlPlane.writeKubeconfig({ name: 'unbound', token: token.trim() });
    const unbound = new ApiClient(loadKubeConfig(kubeconfig), 'unbound');
    expect(await refusal(createLease('worker-2', unbound), true)).toMatch(/^403 .*not bound to a node/);
  });
});

describe('the service account of the operator', () => {
  it.each([
    ['get', 'secrets'],
    ['patch', 'nodes'],
    ['delete', 'scstluns.scst.dev'],
    ['create', 'scstdevices.scst.dev'],
    ['patch', 'scstnodes.scst.dev/status'],
    ['update', 'customresourcedefinitions.apiextensions.k8s.io'],
    ['create', 'pods'],
  ])('may not %s %s', async (verb, resource) => {
    expect(await canI(`system:serviceaccount:${NAMESPACE}:scst-operator`, verb, resource)).toBe(false);
  });
});

describe('operator-07: OwnerReferencesPermissionEnforcement', () => {
  it('is on, and lets the operator own ScstNodes by their Nodes with the permissions of the chart', async () => {
    const node = await cluster.node('worker-1');
    expect(node?.metadata.ownerReferences).toEqual([
      { apiVersion: 'v1', kind: 'Node', name: 'worker-1', uid: node?.spec.nodeUID },
    ]);
    await cluster.controlPlane.kubectlOutput([
      'create',
      'clusterrole',
      'patcher',
      '--verb=get,patch',
      '--resource=scstnodes.scst.dev',
    ]);
    await cluster.controlPlane.kubectlOutput([
      'create',
      'clusterrolebinding',
      'patcher',
      '--clusterrole=patcher',
      '--user=patcher',
    ]);
    const patch = [
      'patch',
      'scstnode',
      'worker-1',
      '--type=merge',
      '--patch={"metadata":{"ownerReferences":[]}}',
      '--as=patcher',
    ];
    await eventually(async () => {
      const { stderr } = await cluster.controlPlane.kubectl(patch);
      expect(stderr).toContain("cannot set an ownerRef on a resource you can't delete");
    });
  });
});

describe('the roles for people', () => {
  beforeAll(async () => {
    for (const role of ['scst-viewer', 'scst-operator-user', 'scst-admin']) {
      await cluster.controlPlane.kubectlOutput([
        'create',
        'clusterrolebinding',
        `${role}-test`,
        `--clusterrole=${role}`,
        `--user=${role}`,
      ]);
    }
    await eventually(async () => expect(await canI('scst-admin', 'delete', 'scstnodes.scst.dev')).toBe(true));
  });

  it.each([
    ['scst-viewer', 'list', 'scstluns.scst.dev', true],
    ['scst-viewer', 'list', 'scstnodes.scst.dev', true],
    ['scst-viewer', 'create', 'scstluns.scst.dev', false],
    ['scst-operator-user', 'create', 'scstdevices.scst.dev', true],
    ['scst-operator-user', 'delete', 'scstluns.scst.dev', true],
    ['scst-operator-user', 'deletecollection', 'scstluns.scst.dev', false],
    ['scst-operator-user', 'patch', 'scstluns.scst.dev/status', false],
    ['scst-operator-user', 'delete', 'scstnodes.scst.dev', false],
    ['scst-admin', 'deletecollection', 'scstluns.scst.dev', true],
    ['scst-admin', 'patch', 'scstnodes.scst.dev', false],
  ])('%s %s %s: %s', async (user, verb, resource, allowed) => {
    expect(await canI(user, verb, resource)).toBe(allowed);
  });

  it('give nothing to the roles view, edit and admin of Kubernetes', async () => {
    for (const role of ['view', 'edit', 'admin']) {
      await cluster.controlPlane.kubectl([
        'create',
        'clusterrolebinding',
        `${role}-x`,
        `--clusterrole=${role}`,
        `--user=${role}-x`,
      ]);
      expect(await canI(`${role}-x`, 'list', 'scstluns.scst.dev')).toBe(false);
    }
  });
});

async function canI(user: string, verb: string, resource: string): Promise<boolean> {
  const [plural = '', subresource] = resource.split('/');
  const { stdout } = await cluster.controlPlane.kubectl([
    ...['auth', 'can-i', verb, plural, `--as=${user}`, `--namespace=${NAMESPACE}`],
    ...(subresource === undefined ? [] : [`--subresource=${subresource}`]),
  ]);
  return stdout === CAN_I_YES;
}

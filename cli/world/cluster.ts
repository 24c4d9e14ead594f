// A cluster through its API server, read once.
import type { ScstNode, UserObject } from '../../crds/types.js';
import { GROUP, PLURALS, VERSION } from '../../crds/names.js';
import { ApiClient, loadKubeConfig } from '../../operator/kube/client.js';
import { NODES, pathOf, type ApiObject, type Resource } from '../../operator/kube/resources.js';
import { compare, type ClusterNode, type UserKind } from '../../operator/plan/objects.js';
import { CommandFailed, EXIT } from '../exit-codes.js';
import type { World } from './world.js';

const KINDS: readonly UserKind[] = ['ScstDevice', 'ScstTarget', 'ScstSession', 'ScstLun'];

export interface ClusterOptions {
  kubeconfig?: string;
  context?: string;
}

/** What client-node takes where it finds nothing. */
const NO_KUBECONFIG = 'http://localhost:8080';

/** Throws CommandFailed where the API server doesn't answer, or has no such objects. */
export async function readCluster({ kubeconfig, context }: ClusterOptions, version: string): Promise<World> {
  const config = loadKubeConfig(kubeconfig);
  if (context !== undefined) config.setCurrentContext(context);
  if (config.getCurrentCluster()?.server === NO_KUBECONFIG)
    throw new CommandFailed(
      'no agent runs on this machine, and there is no kubeconfig: see --socket and --kubeconfig',
      EXIT.unreachable,
    );
  const api = new ApiClient(config, `scst/${version}`);
  const list = async <T>(resource: Resource): Promise<T[]> => {
    const { items } = await api.request<{ items: T[] }>({ method: 'GET', path: pathOf(resource) });
    return items;
  };
  try {
    const [nodes, scstNodes, ...objects] = await Promise.all([
      list<ApiObject>(NODES),
      list<ScstNode>(resourceOf('ScstNode')),
      ...KINDS.map(async (kind) => (await list<UserObject>(resourceOf(kind))).map((item) => ({ ...item, kind }))),
    ]);
    return {
      kind: 'cluster',
      where: `cluster ${config.getCurrentCluster()?.server ?? ''}`,
      nodes: scstNodes
        .map(({ metadata, spec, status }) => ({ name: metadata.name, spec, ...(status && { status }) }))
        .sort((a, b) => compare(a.name, b.name)),
      objects: objects.flat() as UserObject[],
      places: nodes.map(placeOf),
      setupId: scstNodes[0]?.spec.setupId,
    };
  } catch (error) {
    throw new CommandFailed(`the cluster doesn't answer: ${(error as Error).message}`, EXIT.unreachable, {
      cause: error,
    });
  }
}

function placeOf({ metadata }: ApiObject): ClusterNode {
  const {
    name = '',
    uid = '',
    labels = {},
    creationTimestamp,
  } = metadata as ApiObject['metadata'] & {
    creationTimestamp?: string;
  };
  return { name, uid, labels, ...(creationTimestamp && { creationTimestamp }) };
}

function resourceOf(kind: keyof typeof PLURALS): Resource {
  return { group: GROUP, version: VERSION, plural: PLURALS[kind], kind };
}

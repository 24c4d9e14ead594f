// Sessions in a cluster: objects through the API server, and the devices from the status of this node's ScstNode.
import { CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SgDevice, Sessions } from './sessions.js';

const SCST = { group: 'scst.dev', version: 'v1alpha1' } as const;
const POLL_MS = 200;
const PATIENCE_MS = 60_000;

interface NodeStatus {
  spec: { sessions: { uid: string; target: string; group?: string }[]; luns: { target: string; group?: string }[] };
  status?: {
    sessions?: { uid: string }[];
    luns?: { session: string; state: string; message?: string; hctl?: string; sg?: string }[];
  };
}

export class ClusterSessions implements Sessions {
  private readonly api: CustomObjectsApi;
  /** By name. */
  private readonly uids = new Map<string, string>();

  constructor(
    private readonly target: string,
    private readonly node: string,
    kubeconfig?: string,
  ) {
    const config = new KubeConfig();
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
    this.api = config.makeApiClient(CustomObjectsApi);
  }

  async open(name: string, transportId: string): Promise<SgDevice[]> {
    const body = {
      apiVersion: `${SCST.group}/${SCST.version}`,
      kind: 'ScstSession',
      metadata: { name },
      spec: { target: this.target, nodeName: this.node, transportId, deletionPolicy: 'Force' },
    };
    const made = (await this.api.createClusterCustomObject({
      ...SCST,
      plural: 'scstsessions',
      body,
    })) as typeof body & {
      metadata: { uid: string };
    };
    const { uid } = made.metadata;
    this.uids.set(name, uid);
    return this.until(`the LUNs of session ${name}`, ({ spec, status }) => {
      const session = spec.sessions.find((each) => each.uid === uid);
      if (session === undefined) return undefined;
      const wanted = spec.luns.filter((lun) => lun.target === session.target && lun.group === session.group);
      const ready = (status?.luns ?? []).filter((lun) => lun.session === uid && lun.state === 'Ready');
      if (ready.length < wanted.length) return undefined;
      return ready.flatMap(({ hctl, sg }) =>
        hctl === undefined || sg === undefined ? [] : [{ lun: Number(hctl.split(':')[3]), path: `/dev/${sg}` }],
      );
    });
  }

  async close(name: string): Promise<void> {
    await this.api.deleteClusterCustomObject({ ...SCST, plural: 'scstsessions', name });
    const uid = this.uids.get(name);
    await this.until(`the end of session ${name}`, ({ status }) =>
      status?.sessions?.some((each) => each.uid === uid) === true ? undefined : true,
    );
    this.uids.delete(name);
  }

  private async until<T>(what: string, look: (node: NodeStatus) => T | undefined): Promise<T> {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const node = (await this.api.getClusterCustomObject({
        ...SCST,
        plural: 'scstnodes',
        name: this.node,
      })) as NodeStatus;
      const found = look(node);
      if (found !== undefined) return found;
      if (performance.now() >= end) throw new Error(`waited too long for ${what}`);
      await sleep(POLL_MS);
    }
  }
}

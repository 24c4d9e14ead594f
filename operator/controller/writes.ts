// The writes of one term of leadership, each under the field manager of its concern.
import { API_VERSION, FINALIZER } from '../../crds/names.js';
import type { ScstNodeSpec } from '../../crds/types.js';
import type { Writer } from '../kube/apply.js';
import type { Api } from '../kube/client.js';
import { isApiError } from '../kube/errors.js';
import { pathOf, type ApiObject, type Resource } from '../kube/resources.js';
import { TerminalError } from '../kube/work-queue.js';
import {
  FINALIZER_MANAGER,
  SCST_NODES,
  SPEC_MANAGER,
  STATUS_MANAGER,
  resourceOf,
  type ScstNodeObject,
  type UserKind,
  type UserObject,
} from './kinds.js';
import type { NodeOwner, Writes } from './reconciler.js';

export interface ClusterWritesOptions {
  readonly api: Api;
  readonly writer: Writer;
  /** Aborted when the term is over: no write is begun then. */
  readonly signal: AbortSignal;
  /** Takes an answer into the cache. */
  readonly observe: (resource: Resource, object: ApiObject) => void;
}

export class ClusterWrites implements Writes {
  constructor(private readonly options: ClusterWritesOptions) {}

  createNode(name: string, owner: NodeOwner, spec: ScstNodeSpec): Promise<ScstNodeObject> {
    const object: ScstNodeObject = {
      apiVersion: API_VERSION,
      kind: 'ScstNode',
      metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', ...owner }] },
      spec,
    };
    return this.write(SCST_NODES, () => this.options.writer.create(SCST_NODES, object, SPEC_MANAGER));
  }

  applyNode(live: ScstNodeObject, spec: ScstNodeSpec): Promise<ScstNodeObject> {
    const { resourceVersion } = live.metadata;
    return this.write(SCST_NODES, () =>
      this.options.writer.apply(
        SCST_NODES,
        live,
        { spec },
        { fieldManager: SPEC_MANAGER, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
      ),
    );
  }

  async deleteNode(live: ScstNodeObject): Promise<void> {
    this.assertTerm();
    await this.options.writer.delete(SCST_NODES, live).catch((error: unknown) => {
      if (!isApiError(error, 'NotFound')) {
        throw error;
      }
    });
  }

  async readNode(name: string): Promise<ScstNodeObject | undefined> {
    try {
      const path = pathOf(SCST_NODES, { name });
      const stored = await this.options.api.request<ScstNodeObject>({ method: 'GET', path });
      this.options.observe(SCST_NODES, stored);
      return stored;
    } catch (error) {
      if (isApiError(error, 'NotFound')) {
        return undefined;
      }
      throw error;
    }
  }

  async setFinalizer(kind: UserKind, live: UserObject, present: boolean): Promise<UserObject> {
    const resource = resourceOf(kind);
    const { writer } = this.options;
    if (present) {
      return this.write(resource, () => writer.addFinalizer(resource, live, FINALIZER, FINALIZER_MANAGER));
    }
    return this.write(resource, () => writer.removeFinalizer(resource, live, FINALIZER, FINALIZER_MANAGER)).catch(
      (error: unknown) => {
        if (isApiError(error, 'NotFound')) {
          return live;
        }
        throw error;
      },
    );
  }

  setStatus(kind: UserKind, live: UserObject, status: object): Promise<UserObject> {
    const resource = resourceOf(kind);
    return this.write(resource, () =>
      this.options.writer.apply(
        resource,
        live,
        { status },
        {
          fieldManager: STATUS_MANAGER,
          subresource: 'status',
        },
      ),
    );
  }

  private async write<T extends ApiObject>(resource: Resource, send: () => Promise<T>): Promise<T> {
    this.assertTerm();
    const answer = await send();
    this.options.observe(resource, answer);
    return answer;
  }

  private assertTerm(): void {
    if (this.options.signal.aborted) {
      throw new TerminalError('the term of leadership is over');
    }
  }
}

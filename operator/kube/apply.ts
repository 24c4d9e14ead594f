// The writes: server-side apply that never re-creates, create, finalizers by JSON patch. An unchanged one isn't sent.
import { isDeepStrictEqual } from 'node:util';
import type { Api } from './client.js';
import { apiVersionOf, pathOf, type ApiObject, type Resource } from './resources.js';

export interface ApplyOptions {
  readonly fieldManager: string;
  readonly subresource?: 'status';
  /** Refused with Conflict when the object has another one: nobody else may have written since. */
  readonly resourceVersion?: string;
}

/** Called before each write with what it is, for a counter. */
export type WriteObserver = (verb: 'create' | 'apply' | 'finalizer' | 'delete', resource: Resource) => void;

export class Writer {
  constructor(
    private readonly api: Api,
    private readonly observe: WriteObserver = () => undefined,
  ) {}

  /**
   * Server-side apply of `fields` (`spec` or `status`) on the object that `live` is a state of, and the answer; or
   * `live` itself, and no request, when it has exactly these fields already.
   *
   * Throws Conflict or NotFound when that very object is gone: with its uid, a forced apply does not make it again.
   */
  async apply<T extends ApiObject>(
    resource: Resource,
    live: T,
    fields: Partial<T>,
    { fieldManager, subresource, resourceVersion }: ApplyOptions,
  ): Promise<T> {
    if (isApplied(live, fields)) {
      return live;
    }
    this.observe('apply', resource);
    const { name, namespace, uid } = live.metadata;
    return this.api.request<T>({
      method: 'PATCH',
      path: pathOf(resource, { name, ...optional({ namespace, subresource }) }),
      query: { fieldManager, force: true },
      contentType: 'application/apply-patch+yaml',
      body: {
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        metadata: { name, ...optional({ namespace, uid, resourceVersion }) },
        ...fields,
      },
    });
  }

  /** Throws AlreadyExists. */
  create<T extends ApiObject>(resource: Resource, object: T, fieldManager: string): Promise<T> {
    this.observe('create', resource);
    return this.api.request<T>({
      method: 'POST',
      path: pathOf(resource, optional({ namespace: object.metadata.namespace })),
      query: { fieldManager },
      body: { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind },
    });
  }

  /** Deletes the object that `live` is a state of; one with another uid is left alone (Conflict). */
  async delete(resource: Resource, { metadata: { name, namespace, uid } }: ApiObject): Promise<void> {
    this.observe('delete', resource);
    await this.api.request({
      method: 'DELETE',
      path: pathOf(resource, { name, ...optional({ namespace }) }),
      body: { preconditions: { uid } },
    });
  }

  /** Adds `finalizer` unless `live` has it. Throws Invalid or Conflict when `live` is outdated: read again and retry. */
  addFinalizer<T extends ApiObject>(resource: Resource, live: T, finalizer: string, fieldManager: string): Promise<T> {
    const present = live.metadata.finalizers ?? [];
    if (present.includes(finalizer)) {
      return Promise.resolve(live);
    }
    // With none yet the list itself is to be made, which would drop one that somebody adds meanwhile: hence the version.
    const add =
      present.length === 0
        ? [
            { op: 'test', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
            { op: 'add', path: '/metadata/finalizers', value: [finalizer] },
          ]
        : [{ op: 'add', path: '/metadata/finalizers/-', value: finalizer }];
    return this.patchFinalizers(resource, live, add, fieldManager);
  }

  /** Removes `finalizer` and no other. Throws Invalid when `live` is outdated: read again and retry. */
  removeFinalizer<T extends ApiObject>(
    resource: Resource,
    live: T,
    finalizer: string,
    fieldManager: string,
  ): Promise<T> {
    const position = live.metadata.finalizers?.indexOf(finalizer) ?? -1;
    if (position < 0) {
      return Promise.resolve(live);
    }
    const path = `/metadata/finalizers/${position}`;
    return this.patchFinalizers(
      resource,
      live,
      [
        { op: 'test', path, value: finalizer },
        { op: 'remove', path },
      ],
      fieldManager,
    );
  }

  private patchFinalizers<T extends ApiObject>(
    resource: Resource,
    { metadata: { name, namespace, uid } }: T,
    operations: readonly object[],
    fieldManager: string,
  ): Promise<T> {
    this.observe('finalizer', resource);
    return this.api.request<T>({
      method: 'PATCH',
      path: pathOf(resource, { name, ...optional({ namespace }) }),
      query: { fieldManager },
      contentType: 'application/json-patch+json',
      body: [{ op: 'test', path: '/metadata/uid', value: uid }, ...operations],
    });
  }
}

/** Whether `live` has exactly the values of `fields`, undefined and absent being the same. */
export function isApplied<T extends object>(live: T, fields: Partial<T>): boolean {
  return Object.entries(fields).every(([name, wanted]) =>
    isDeepStrictEqual(plain(live[name as keyof T]), plain(wanted)),
  );
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/** The properties that are defined. */
function optional<T extends object>(properties: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

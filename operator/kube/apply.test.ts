// What is sent for a write, and when nothing is.
import { Writer, isApplied } from './apply.js';
import { CONFIG_MAPS, type ApiObject } from './resources.js';
import { scriptedApi } from './scripted-api.js';

interface ConfigMap extends ApiObject {
  data?: Record<string, string>;
}

const api = scriptedApi(() => ({ metadata: { name: 'a', resourceVersion: '2' } }));
const sent = api.requests;
const writer = new Writer(api);
const live = (more: Partial<ApiObject['metadata']> = {}): ConfigMap => ({
  metadata: { name: 'a', namespace: 'ns', uid: 'u1', resourceVersion: '1', ...more },
  data: { key: 'value' },
});

beforeEach(() => {
  sent.length = 0;
});

describe('apply', () => {
  it('sends nothing when the object has the fields already', async () => {
    const object = live();
    expect(await writer.apply(CONFIG_MAPS, object, { data: { key: 'value' } }, { fieldManager: 'm' })).toBe(object);
    expect(sent).toEqual([]);
  });

  it('carries the uid, so that an object that is gone is not made again', async () => {
    await writer.apply(CONFIG_MAPS, live(), { data: { key: 'other' } }, { fieldManager: 'm' });
    expect(sent).toMatchObject([
      {
        method: 'PATCH',
        path: '/api/v1/namespaces/ns/configmaps/a',
        query: { fieldManager: 'm', force: true },
        contentType: 'application/apply-patch+yaml',
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', uid: 'u1' }, data: { key: 'other' } },
      },
    ]);
    expect(sent[0]?.body).not.toHaveProperty('metadata.resourceVersion');
  });
});

describe('isApplied', () => {
  it.each([
    ['a field that is missing', { data: { key: 'value', more: 'x' } }, false],
    ['a field that is no longer wanted', { data: {} }, false],
    ['undefined for absent', { data: { key: 'value', more: undefined as unknown as string } }, true],
  ])('knows %s', (_title, fields, applied) => {
    expect(isApplied(live(), fields)).toBe(applied);
  });
});

describe('finalizers', () => {
  const operations = () => sent.map(({ body }) => body);
  const uid = { op: 'test', path: '/metadata/uid', value: 'u1' };

  it('makes the list only if nobody wrote since', async () => {
    await writer.addFinalizer(CONFIG_MAPS, live(), 'f', 'm');
    expect(operations()).toEqual([
      [
        uid,
        { op: 'test', path: '/metadata/resourceVersion', value: '1' },
        { op: 'add', path: '/metadata/finalizers', value: ['f'] },
      ],
    ]);
  });

  it('leaves those of others where they are', async () => {
    await writer.addFinalizer(CONFIG_MAPS, live({ finalizers: ['other'] }), 'f', 'm');
    await writer.removeFinalizer(CONFIG_MAPS, live({ finalizers: ['other', 'f'] }), 'f', 'm');
    expect(operations()).toEqual([
      [uid, { op: 'add', path: '/metadata/finalizers/-', value: 'f' }],
      [
        uid,
        { op: 'test', path: '/metadata/finalizers/1', value: 'f' },
        { op: 'remove', path: '/metadata/finalizers/1' },
      ],
    ]);
  });

  it('sends nothing when there is nothing to change', async () => {
    await writer.addFinalizer(CONFIG_MAPS, live({ finalizers: ['f'] }), 'f', 'm');
    await writer.removeFinalizer(CONFIG_MAPS, live(), 'f', 'm');
    expect(sent).toEqual([]);
  });
});

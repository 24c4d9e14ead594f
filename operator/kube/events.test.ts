// Events of the API: made once, counted when repeated, and never in the way.
import { EventRecorder, type EventText } from './events.js';
import { ApiError } from './errors.js';
import { scriptedApi } from './scripted-api.js';

const ABOUT = { apiVersion: 'scst.dev/v1alpha1', kind: 'ScstLun', metadata: { name: 'disk', uid: 'u1' } };
const TEXT: EventText = { type: 'Warning', reason: 'DeviceNotFound', action: 'Reconcile', note: 'no such device' };
let time: number;
let failure: ApiError | undefined;
const errors: unknown[] = [];
const api = scriptedApi(() => {
  const thrown = failure;
  failure = undefined;
  if (thrown !== undefined) {
    throw thrown;
  }
  return {};
});
let recorder: EventRecorder;

beforeEach(() => {
  time = Date.UTC(2026, 0, 1);
  failure = undefined;
  errors.length = 0;
  api.requests.length = 0;
  recorder = new EventRecorder({
    api,
    namespace: 'default',
    controller: 'scst.dev/operator',
    instance: 'host_1',
    now: () => new Date(time),
    onError: (error) => errors.push(error),
  });
});

async function record(text: EventText = TEXT): Promise<void> {
  recorder.record(ABOUT, text);
  await recorder.flush();
}

const sent = () => api.requests.map(({ method, body }) => [method, (body as { series?: object }).series]);

describe('EventRecorder', () => {
  it('makes an Event about the object, in the namespace for cluster-scoped ones', async () => {
    await record();
    expect(api.requests).toMatchObject([
      {
        method: 'POST',
        path: '/apis/events.k8s.io/v1/namespaces/default/events',
        body: {
          eventTime: '2026-01-01T00:00:00.000000Z',
          type: 'Warning',
          reason: 'DeviceNotFound',
          note: 'no such device',
          regarding: { kind: 'ScstLun', name: 'disk', uid: 'u1' },
        },
      },
    ]);
  });

  it('counts a repeated one in the same Event, with a write a minute at most', async () => {
    for (let count = 0; count < 90; count += 1) {
      await record();
      time += 1_000;
    }
    expect(sent()).toEqual([
      ['POST', undefined],
      ['PATCH', { count: 61, lastObservedTime: '2026-01-01T00:01:00.000000Z' }],
    ]);
  });

  it('makes another one for another text, and for the same after a long pause', async () => {
    await record();
    await record({ ...TEXT, note: 'other' });
    time += 3_600_000;
    await record();
    expect(sent().map(([method]) => method)).toEqual(['POST', 'POST', 'POST']);
    const names = api.requests.map(({ body }) => (body as { metadata: { name: string } }).metadata.name);
    expect(new Set(names).size).toBe(3);
  });

  it('makes it anew when the API server has dropped it', async () => {
    await record();
    time += 61_000;
    failure = new ApiError('NotFound', 404, 'gone');
    await record();
    expect(sent().map(([method]) => method)).toEqual(['POST', 'PATCH', 'POST']);
  });

  it('loses one that can not be written, and says so', async () => {
    failure = new ApiError('Forbidden', 403, 'no');
    await record();
    expect(errors).toMatchObject([{ reason: 'Forbidden' }]);
  });

  it('cuts what the API server would refuse as too long', async () => {
    recorder.record({ ...ABOUT, metadata: { name: 'n'.repeat(253), uid: 'u1' } }, { ...TEXT, note: 'x'.repeat(5_000) });
    await recorder.flush();
    const { metadata, note } = api.requests[0]?.body as { metadata: { name: string }; note: string };
    expect(note).toHaveLength(1_024);
    expect(metadata.name.length).toBeLessThanOrEqual(253);
    expect(metadata.name).toMatch(/^[a-z0-9]/);
  });
});

// What a node reports.
import { BACKSTORE, device, emptySpec, engine, journal, lun, ring, session, uid, unit } from './fixtures.js';
import { nodeStatus, type PassReport } from './status.js';

const realised = { path: '/dev/scst/tgt/host/lun0', block: 'sda', sg: 'sg0', hctl: '2:0:0:0' };
const report = (over: Partial<PassReport> = {}): PassReport => ({
  journal: journal(),
  engine: engine(unit()),
  sessions: new Map([[uid('b'), 2]]),
  sessionProblems: new Map(),
  luns: new Map([[BACKSTORE, realised]]),
  lunProblems: new Map(),
  leaving: [],
  ...over,
});

describe('nodeStatus', () => {
  it('echoes generations and shows paths when all is realised', () => {
    const status = nodeStatus(report());
    expect(status).toMatchObject({ observedGeneration: 7, epoch: 3, nodeUID: 'node-a' });
    expect(status.devices).toEqual([{ uid: uid('d'), generation: 1, state: 'Ready', size: 1024 ** 2 }]);
    expect(status.sessions).toEqual([{ uid: uid('b'), generation: 1, state: 'Ready', host: 2 }]);
    expect(status.luns).toEqual([{ uid: uid('c'), session: uid('b'), generation: 1, state: 'Ready', ...realised }]);
  });

  it('shows the generation that the engine serves, not the one that is wished for', () => {
    const spec = { ...journal().spec, devices: [device({ generation: 5 })] };
    const { devices } = nodeStatus(report({ journal: journal({ spec }), engine: engine(unit({ generation: 4 })) }));
    expect(devices?.[0]).toMatchObject({ generation: 4 });
  });

  it('shows a refused backing at the device and at its LUNs', () => {
    const failed = unit({
      state: 'Failed',
      reason: 'BackingInUse',
      message: 'disk2 has it open',
      rings: [ring({ state: 'Waiting' })],
    });
    const lunProblems = new Map([
      [BACKSTORE, { state: 'Pending' as const, reason: 'UnitNotReady', message: 'not open' }],
    ]);
    const status = nodeStatus(report({ engine: engine(failed), luns: new Map(), lunProblems }));
    expect(status.devices?.[0]).toMatchObject({
      state: 'Failed',
      reason: 'BackingInUse',
      message: 'disk2 has it open',
    });
    expect(status.luns?.[0]).toMatchObject({ state: 'Failed', reason: 'BackingInUse' });
  });

  it('is never Ready without an engine, and keeps the paths', () => {
    const { engine: _, ...without } = report();
    const status = nodeStatus(without);
    expect(status.luns?.[0]).toMatchObject({ state: 'Unknown', reason: 'EngineUnavailable', path: realised.path });
    expect(status.devices?.[0]).toMatchObject({ state: 'Unknown' });
  });

  it('is not Ready before the path is there', () => {
    const { path: _, ...early } = realised;
    expect(nodeStatus(report({ luns: new Map([[BACKSTORE, early]]) })).luns?.[0]).toMatchObject({ state: 'Pending' });
  });

  it('lists what left the spec until it is gone', () => {
    const departed = { devices: [device()], sessions: [session()], luns: [lun()] };
    const status = nodeStatus(
      report({
        journal: journal({ spec: emptySpec(), departed }),
        leaving: [{ backstore: BACKSTORE, sessionUid: uid('b'), lunUid: uid('c') }],
        lunProblems: new Map([[BACKSTORE, { state: 'Terminating', reason: 'InUse', message: 'mounted at /mnt' }]]),
      }),
    );
    expect(status.luns).toEqual([
      {
        uid: uid('c'),
        session: uid('b'),
        generation: 1,
        state: 'Terminating',
        reason: 'InUse',
        message: 'mounted at /mnt',
        ...realised,
      },
    ]);
    expect(status.devices?.[0]).toMatchObject({ state: 'Terminating' });
    expect(status.sessions?.[0]).toMatchObject({ state: 'Terminating' });
  });
});

// Removal by force without an engine: only what is forced, and only once the engine had its time to come back.
import pino from 'pino';
import type { EngineStatus } from '../protocol/types.js';
import { backstoreName, HBA, sessionWwn, type ObservedLio } from '../lio/index.js';
import { Abandonment } from './abandonment.js';
import { journal, lun, session, spec } from './fixtures.js';

const forced = lun({ uid: '00000000-0000-4000-8000-000000000001', lun: 0 });
const kept = lun({ uid: '00000000-0000-4000-8000-000000000002', lun: 1 });
const host = session();
const engine = { units: [] } as unknown as EngineStatus;

const observed: ObservedLio = {
  ...({ foreign: {} } as ObservedLio),
  backstores: [],
  sessions: [
    {
      wwn: sessionWwn(host.uid),
      busy: false,
      tpg: true,
      foreignTpgs: [],
      address: '3:0:0',
      luns: [forced, kept].map(({ uid, lun: number }) => ({
        lun: number,
        busy: false as const,
        present: true,
        link: { name: 'link', hba: HBA, backstore: backstoreName(host.uid, uid) },
      })),
    },
  ],
};
const left = journal({
  spec: spec({ epoch: 0, sessions: [host], luns: [] }),
  departed: { devices: [], sessions: [], luns: [{ ...forced, force: true }, kept] },
});

let time: number;
let forgotten: string[];
let abandonment: Abandonment;
const unattended = (status?: EngineStatus) => abandonment.unattended(left, observed, status);

beforeEach(() => {
  [time, forgotten] = [0, []];
  abandonment = new Abandonment({
    ioTimeoutSeconds: 60,
    now: () => new Date(time),
    forgetWriteCache: (hctl) => Promise.resolve(void forgotten.push(hctl)),
    log: pino({ level: 'silent' }),
  });
});

test('nothing goes while the engine is there, or may still come back', async () => {
  expect(await unattended(engine)).toEqual(new Set());
  expect(await unattended()).toEqual(new Set());
  time = 59_000;
  expect(await unattended()).toEqual(new Set());
  expect(await unattended(engine)).toEqual(new Set());
  time = 118_000;
  expect(await unattended()).toEqual(new Set());
  expect(forgotten).toEqual([]);
});

test('what is forced goes after that, and nothing else does', async () => {
  await unattended();
  time = 60_000;
  expect(await unattended()).toEqual(new Set([backstoreName(host.uid, forced.uid)]));
  expect(forgotten).toEqual(['3:0:0:0']);
});

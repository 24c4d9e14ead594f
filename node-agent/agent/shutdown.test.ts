// What the agent does before the node goes down, in which order, and what it leaves alone.
import pino from 'pino';
import { HBA, sessionWwn, type ObservedLio } from '../lio/index.js';
import { BACKSTORE, engine, journal, uid, unit } from './fixtures.js';
import { prepareForPowerOff, type ShutdownDependencies } from './shutdown.js';

const HCTL = '2:0:0:0';
const used: ObservedLio = {
  hbas: { [HBA]: 'own', fileio_21332: 'absent', iblock_21332: 'absent' },
  backstores: [{ name: BACKSTORE, busy: false, enabled: true, attributes: {} }],
  sessions: [
    {
      wwn: sessionWwn(uid('b')),
      busy: false,
      tpg: true,
      foreignTpgs: [],
      address: '2:0:0',
      nexus: 'naa.35c5800000000001',
      luns: [{ lun: 0, busy: false, link: { name: 'scst', hba: HBA, backstore: BACKSTORE }, present: true }],
    },
  ],
  foreign: { backstores: 0, sessions: 0 },
};
const nothing: ObservedLio = { ...used, backstores: [], sessions: [] };

/** What was done, in order. `letGoAfter`: how often the agent looks until its disk is no longer used. */
async function prepare(letGoAfter: number, given: Partial<ShutdownDependencies> = {}): Promise<string[]> {
  const done: string[] = [];
  let looks = 0;
  await prepareForPowerOff({
    journal: journal(),
    engineOutlivesAll: true,
    drain: () => Promise.resolve(void done.push('drain')).then(() => engine(unit())),
    observe: () => Promise.resolve(looks++ >= letGoAfter ? nothing : used),
    execute: (steps) => Promise.resolve(void done.push(steps.length > 0 ? 'detach' : 'no step')).then(() => []),
    forgetWriteCache: (hctl) => Promise.resolve(void done.push(`forget ${hctl}`)),
    endEngine: () => Promise.resolve(void done.push('end engine')),
    sleep: () => Promise.resolve(),
    log: pino({ level: 'silent' }),
    ...given,
  });
  return done;
}

describe('while systemd ends what is left', () => {
  it('takes away what nobody uses, then has the engine close its files', async () => {
    expect(await prepare(2)).toEqual(['drain', 'detach', 'end engine']);
  });

  it('waits for those who are ended at the same time', async () => {
    const done = await prepare(10);
    expect(done.filter((step) => step === 'detach')).toHaveLength(9);
    expect(done.at(-1)).toBe('end engine');
  });

  it('leaves the engine to a disk that stays in use: it answers the last flush', async () => {
    const done = await prepare(Infinity);
    expect(new Set(done)).toEqual(new Set(['drain', 'detach']));
  });

  it('has the kernel forget the write cache of a disk that no engine answers, and asks it for nothing', async () => {
    expect(await prepare(Infinity, { drain: () => Promise.resolve(undefined) })).toEqual([`forget ${HCTL}`]);
  });
});

describe('after SIGPWR, with everything to be ended at an unknown time', () => {
  it('has the kernel forget the write cache, and doesn’t wait for anybody', async () => {
    const done = await prepare(Infinity, { engineOutlivesAll: false });
    expect(done).toEqual(['drain', `forget ${HCTL}`, 'detach', 'detach']);
  });
});

it('goes on with the rest when a part fails', async () => {
  const drain = () => Promise.reject(new Error('the engine hangs'));
  expect(await prepare(Infinity, { drain })).toEqual([`forget ${HCTL}`]);
  const execute = () => Promise.reject(new Error('no step ran'));
  expect(await prepare(Infinity, { execute, engineOutlivesAll: false })).toEqual(['drain', `forget ${HCTL}`]);
});

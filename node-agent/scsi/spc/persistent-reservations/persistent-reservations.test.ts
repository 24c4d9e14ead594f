// PERSISTENT RESERVE IN and OUT: what each service action does, and to whom it is told.
import { addNexus, flagsOf, removeNexus, restore, snapshot } from '../../index.js';
import { bytes, hex, nexus } from '../../testing/disk-fixture.js';
import { ReservationFixture, transportIdOf } from './testing.js';

const READ = '28 00 00 00 00 00 00 00 01 00';
const WRITE = '2a 00 00 00 00 00 00 00 01 00';
const TEST_UNIT_READY = '00 00 00 00 00 00';
const BLOCK = new Uint8Array(512);

let pr: ReservationFixture;
beforeEach(() => (pr = new ReservationFixture()));

/** Registers s1 to s3 with the keys 0A, 0B and 0C. */
async function registerAll(): Promise<void> {
  for (const [on, actionKey] of [
    ['s1', 0xan],
    ['s2', 0xbn],
    ['s3', 0xcn],
  ] as const)
    expect(await pr.out(on, 'register', { actionKey })).toBe('GOOD');
}

describe('registrations', () => {
  it('are made, changed and removed with the key that they have', async () => {
    expect(await pr.out('s1', 'register', { key: 1n, actionKey: 0xan })).toBe('CONFLICT');
    expect(await pr.out('s1', 'register', { actionKey: 0xan })).toBe('GOOD');
    expect(await pr.out('s1', 'register', { actionKey: 0xbn })).toBe('CONFLICT');
    expect(await pr.out('s1', 'register', { key: 0xan, actionKey: 0xbn })).toBe('GOOD');
    expect(await pr.keys()).toEqual(['b']);
    expect(await pr.out('s1', 'register', { key: 0xbn })).toBe('GOOD');
    expect(await pr.keys()).toEqual([]);
    expect(hex((await pr.in(0)).subarray(0, 4))).toBe('00000003');
  });

  it('are made and changed without it by REGISTER AND IGNORE EXISTING KEY', async () => {
    expect(await pr.out('s1', 'registerIgnoring', { key: 9n, actionKey: 0xan })).toBe('GOOD');
    expect(await pr.out('s1', 'registerIgnoring', { actionKey: 0xbn })).toBe('GOOD');
    expect(await pr.keys()).toEqual(['b']);
    expect(await pr.out('s1', 'registerIgnoring', {})).toBe('GOOD');
    expect(await pr.keys()).toEqual([]);
  });

  it('removing one that is not there is no error and counts no generation', async () => {
    expect(await pr.out('s1', 'register')).toBe('GOOD');
    expect(hex((await pr.in(0)).subarray(0, 4))).toBe('00000000');
  });

  it('ALL_TG_PT registers the initiator port at every target port', async () => {
    expect(await pr.out('s1', 'register', { actionKey: 0xan, flags: 0x04 })).toBe('GOOD');
    expect(await pr.keys()).toEqual(['a', 'a', 'a']);
  });

  it('SPEC_I_PT registers the initiator ports of the list, or nothing at all', async () => {
    const list = (id: Uint8Array) => Uint8Array.from([0, 0, 0, id.length, ...id]);
    const other = list(transportIdOf(9));
    expect(await pr.out('s1', 'register', { actionKey: 0xan, flags: 0x08, additional: other })).toBe('GOOD');
    expect(await pr.keys()).toEqual(['a', 'a']);
    expect(await pr.out('s1', 'register', { key: 0xan, actionKey: 0xbn, flags: 0x08, additional: other })).toBe(
      '05/26/00',
    );
    expect(await pr.out('s2', 'registerIgnoring', { actionKey: 0xbn, flags: 0x08, additional: other })).toBe(
      '05/26/00',
    );
    const wrong = list(bytes('ff'.repeat(24)));
    expect(await pr.out('s2', 'register', { actionKey: 0xbn, flags: 0x08, additional: wrong })).toBe('05/26/00');
    expect(await pr.out('s2', 'register', { actionKey: 0xbn, flags: 0x08 })).toBe('05/1a/00');
    expect(await pr.keys()).toEqual(['a', 'a']);
  });

  it('stay when the session goes, and are those of the session that is made again with the same ports', async () => {
    await registerAll();
    await pr.out('s1', 'reserve', { key: 0xan, type: 1 });
    const { unit } = pr.disk;
    removeNexus(unit, 's1');
    expect(await pr.run('s2', WRITE, BLOCK)).toBe('CONFLICT');
    addNexus(unit, nexus('again', { transportId: transportIdOf(1), relTgtId: 1 }));
    expect(await pr.run('again', TEST_UNIT_READY)).toBe('06/29/00');
    expect(await pr.run('again', WRITE, BLOCK)).toBe('GOOD');
  });

  it('survive the engine as JSON', async () => {
    await registerAll();
    await pr.out('s1', 'reserve', { key: 0xan, type: 5 });
    const state = snapshot(pr.disk.unit);
    const next = new ReservationFixture();
    restore(next.disk.unit, JSON.parse(JSON.stringify(state)) as typeof state);
    expect(snapshot(next.disk.unit)).toEqual(state);
    addNexus(next.disk.unit, nexus('s2', { transportId: transportIdOf(2), relTgtId: 2 }));
    expect(flagsOf(next.disk.unit, 's2')).toMatchObject({ writeBlocked: false, accessBlocked: false });
  });
});

describe('RESERVE and RELEASE', () => {
  beforeEach(registerAll);

  it('are for registrants with their key only', async () => {
    expect(await pr.out('s1', 'reserve', { key: 0xbn, type: 1 })).toBe('CONFLICT');
    await pr.out('s3', 'register', { key: 0xcn });
    expect(await pr.out('s3', 'reserve', { key: 0xcn, type: 1 })).toBe('CONFLICT');
    expect(await pr.out('s3', 'release', { key: 0xcn, type: 1 })).toBe('CONFLICT');
    expect(await pr.reservation()).toBe('');
  });

  it('reserve once: again is GOOD, another type or another registrant conflicts', async () => {
    expect(await pr.out('s1', 'reserve', { key: 0xan, type: 1 })).toBe('GOOD');
    expect(await pr.out('s1', 'reserve', { key: 0xan, type: 1 })).toBe('GOOD');
    expect(await pr.out('s1', 'reserve', { key: 0xan, type: 3 })).toBe('CONFLICT');
    expect(await pr.out('s2', 'reserve', { key: 0xbn, type: 1 })).toBe('CONFLICT');
    expect(await pr.reservation()).toBe('a 1');
  });

  it.each([7, 8])('type %i makes every registrant a holder, with key 0', async (type) => {
    await pr.out('s1', 'reserve', { key: 0xan, type });
    expect(await pr.out('s2', 'reserve', { key: 0xbn, type })).toBe('GOOD');
    expect(await pr.reservation()).toBe(` ${type}`);
    await pr.out('s1', 'register', { key: 0xan });
    expect(await pr.reservation()).toBe(` ${type}`);
    expect(await pr.out('s3', 'release', { key: 0xcn, type })).toBe('GOOD');
    expect(await pr.reservation()).toBe('');
    expect(await pr.run('s2', TEST_UNIT_READY)).toBe('06/2a/04');
  });

  it('release by who holds nothing has no effect; with the wrong type it is an error', async () => {
    await pr.out('s1', 'reserve', { key: 0xan, type: 1 });
    expect(await pr.out('s2', 'release', { key: 0xbn, type: 1 })).toBe('GOOD');
    expect(await pr.out('s1', 'release', { key: 0xan, type: 3 })).toBe('05/26/04');
    expect(await pr.reservation()).toBe('a 1');
    expect(await pr.out('s1', 'release', { key: 0xan, type: 1 })).toBe('GOOD');
    expect(await pr.reservation()).toBe('');
    expect(await pr.run('s2', TEST_UNIT_READY)).toBe('GOOD');
  });

  it.each([5, 6])('the end of type %i is told to the other registrants, once', async (type) => {
    await pr.out('s1', 'reserve', { key: 0xan, type });
    await pr.out('s1', 'register', { key: 0xan });
    expect(await pr.reservation()).toBe('');
    expect(await pr.run('s2', TEST_UNIT_READY)).toBe('06/2a/04');
    expect(await pr.run('s2', TEST_UNIT_READY)).toBe('GOOD');
    expect(await pr.run('s1', TEST_UNIT_READY)).toBe('GOOD');
  });

  it.each([
    ['a scope that is not the unit', 0x11],
    ['an obsolete type', 0x02],
    ['a reserved type', 0x09],
  ])('refuse %s', async (_what, type) => {
    expect(await pr.out('s1', 'reserve', { key: 0xan, type })).toBe('05/24/00');
  });

  it('refuse a parameter list of another length, and SPEC_I_PT', async () => {
    expect(await pr.outRaw('s1', [0x5f, 1, 1, 0, 0, 0, 0, 0, 23, 0], new Uint8Array(24))).toBe('05/1a/00');
    expect(await pr.outRaw('s1', [0x5f, 1, 1, 0, 0, 0, 0, 0, 25, 0], new Uint8Array(25))).toBe('05/1a/00');
    expect(await pr.outRaw('s1', [0x5f, 1, 1, 0, 0, 0, 0, 0, 24, 0], new Uint8Array(20))).toBe('05/1a/00');
    expect(await pr.out('s1', 'reserve', { key: 0xan, type: 1, flags: 0x08 })).toBe('05/26/00');
  });

  it('pr-03: RESERVE(6) and RELEASE(6) conflict with registrations, PERSISTENT RESERVE OUT with RESERVE(6)', async () => {
    expect(await pr.run('s1', '16 00 00 00 00 00')).toBe('CONFLICT');
    expect(await pr.run('s1', '17 00 00 00 00 00')).toBe('CONFLICT');
    await pr.out('s1', 'clear', { key: 0xan });
    expect(await pr.run('s1', '16 00 00 00 00 00')).toBe('GOOD');
    expect(await pr.out('s1', 'register', { actionKey: 0xan })).toBe('CONFLICT');
  });
});

describe('PREEMPT', () => {
  beforeEach(registerAll);

  it('pr-01: removes every registration with the key, tells both, and leaves their writes in conflict', async () => {
    await pr.out('s2', 'register', { key: 0xbn, actionKey: 0xan });
    expect(await pr.keys()).toEqual(['a', 'a', 'c']);
    await pr.out('s1', 'reserve', { key: 0xan, type: 5 });
    expect(await pr.out('s3', 'preemptAndAbort', { key: 0xcn, actionKey: 0xan, type: 5 })).toBe('GOOD');
    expect(await pr.keys()).toEqual(['c']);
    expect(await pr.reservation()).toBe('c 5');
    for (const on of ['s1', 's2']) {
      expect(await pr.run(on, WRITE, BLOCK)).toBe('06/2a/05');
      expect(await pr.run(on, WRITE, BLOCK)).toBe('CONFLICT');
    }
    expect(pr.disk.unit.taskSetsToAbort).toEqual(['s1', 's2']);
  });

  it('without a reservation removes registrations and reserves nothing', async () => {
    expect(await pr.out('s1', 'preempt', { key: 0xan, actionKey: 0xbn, type: 1 })).toBe('GOOD');
    expect(await pr.keys()).toEqual(['a', 'c']);
    expect(await pr.reservation()).toBe('');
    expect(pr.disk.unit.taskSetsToAbort).toEqual([]);
  });

  it('of another registrant leaves the reservation where it is', async () => {
    await pr.out('s1', 'reserve', { key: 0xan, type: 1 });
    expect(await pr.out('s2', 'preempt', { key: 0xbn, actionKey: 0xcn, type: 3 })).toBe('GOOD');
    expect(await pr.reservation()).toBe('a 1');
  });

  it('by the holder with its own key changes the type, and stays registered', async () => {
    await pr.out('s1', 'reserve', { key: 0xan, type: 5 });
    expect(await pr.out('s1', 'preempt', { key: 0xan, actionKey: 0xan, type: 3 })).toBe('GOOD');
    expect(await pr.reservation()).toBe('a 3');
    expect(await pr.keys()).toEqual(['a', 'b', 'c']);
    expect(await pr.run('s2', TEST_UNIT_READY)).toBe('06/2a/04');
  });

  it('with key 0 takes an all-registrants reservation from everybody else', async () => {
    await pr.out('s1', 'reserve', { key: 0xan, type: 7 });
    expect(await pr.out('s2', 'preempt', { key: 0xbn, type: 1 })).toBe('GOOD');
    expect(await pr.keys()).toEqual(['b']);
    expect(await pr.reservation()).toBe('b 1');
  });

  it('of a key that nobody has conflicts; key 0 otherwise is an error', async () => {
    expect(await pr.out('s1', 'preempt', { key: 0xan, actionKey: 0xdn, type: 1 })).toBe('CONFLICT');
    expect(await pr.out('s1', 'preempt', { key: 0xan, type: 1 })).toBe('05/26/00');
  });
});

describe('CLEAR and REGISTER AND MOVE', () => {
  beforeEach(registerAll);

  it('CLEAR takes everything away and tells the others', async () => {
    await pr.out('s1', 'reserve', { key: 0xan, type: 6 });
    expect(await pr.out('s2', 'clear', { key: 0xbn })).toBe('GOOD');
    expect([await pr.keys(), await pr.reservation()]).toEqual([[], '']);
    expect(await pr.run('s1', TEST_UNIT_READY)).toBe('06/2a/03');
    expect(await pr.run('s2', TEST_UNIT_READY)).toBe('GOOD');
  });

  const move = (to: number, options: { unregister?: boolean; actionKey?: bigint } = {}) => {
    const list = new Uint8Array(48);
    list[7] = 0x0a;
    list[15] = Number(options.actionKey ?? 0xdn);
    list[17] = options.unregister ? 0x02 : 0;
    list[19] = to;
    list[23] = 24;
    list.set(transportIdOf(to), 24);
    return list;
  };
  const MOVE = [0x5f, 7, 0, 0, 0, 0, 0, 0, 48, 0];

  it('REGISTER AND MOVE gives the reservation and a registration to another nexus', async () => {
    await pr.out('s1', 'reserve', { key: 0xan, type: 1 });
    expect(await pr.outRaw('s1', MOVE, move(2, { unregister: true }))).toBe('GOOD');
    expect(await pr.keys()).toEqual(['d', 'c']);
    expect(await pr.reservation()).toBe('d 1');
    expect(await pr.run('s2', WRITE, BLOCK)).toBe('GOOD');
    expect(await pr.run('s1', WRITE, BLOCK)).toBe('CONFLICT');
  });

  it('is for the holder only, not for all registrants, not to itself, not with key 0', async () => {
    expect(await pr.outRaw('s1', MOVE, move(2))).toBe('CONFLICT');
    await pr.out('s1', 'reserve', { key: 0xan, type: 1 });
    expect(await pr.outRaw('s1', MOVE, move(1))).toBe('05/26/00');
    expect(await pr.outRaw('s1', MOVE, move(2, { actionKey: 0n }))).toBe('05/26/00');
    expect(await pr.outRaw('s1', MOVE, move(2).subarray(0, 47))).toBe('05/1a/00');
    await pr.out('s1', 'release', { key: 0xan, type: 1 });
    await pr.out('s1', 'reserve', { key: 0xan, type: 8 });
    expect(await pr.outRaw('s1', MOVE, move(2))).toBe('CONFLICT');
  });
});

describe('PERSISTENT RESERVE IN', () => {
  it('pr-02: READ RESERVATION tells the whole length whatever the allocation length', async () => {
    expect(hex(await pr.in(1))).toBe('0000000000000000');
    await pr.out('s1', 'register', { actionKey: 0xan });
    await pr.out('s1', 'reserve', { key: 0xan, type: 5 });
    const whole = '0000000100000010' + '000000000000000a' + '00000000' + '00050000';
    for (const length of [8, 24, 255]) expect(hex(await pr.in(1, 'reader', length))).toBe(whole.slice(0, 2 * length));
  });

  it('REPORT CAPABILITIES tells what is served, and whether APTPL is in force', async () => {
    expect(hex(await pr.in(2))).toBe('00080d90ea010000');
    await pr.out('s1', 'register', { actionKey: 0xan, flags: 0x01 });
    expect(hex(await pr.in(2))).toBe('00080d91ea010000');
    await pr.out('s1', 'register', { key: 0xan, actionKey: 0xan });
    expect(hex(await pr.in(2))).toBe('00080d90ea010000');
  });

  it('READ FULL STATUS names every registrant by its ports, and the holder', async () => {
    await registerAll();
    await pr.out('s2', 'reserve', { key: 0xbn, type: 3 });
    const data = hex(await pr.in(3));
    const descriptor = (key: string, flags: string, port: number) =>
      `00000000000000${key}` + '00000000' + flags + '00000000' + `000${port}` + '00000018' + hex(transportIdOf(port));
    expect(data).toBe(
      '00000003' + '00000090' + descriptor('0a', '0000', 1) + descriptor('0b', '0103', 2) + descriptor('0c', '0000', 3),
    );
  });

  it('refuses unknown service actions', async () => {
    expect(await pr.run('s1', '5e 04 00 00 00 00 00 00 ff 00')).toBe('05/24/00');
    expect(await pr.run('s1', '5f 08 00 00 00 00 00 00 18 00', new Uint8Array(24))).toBe('05/24/00');
  });
});

describe('pr-04: commands under a reservation', () => {
  const always: string[] = [
    TEST_UNIT_READY,
    '12 00 00 00 24 00',
    'a0 00 00 00 00 00 00 00 01 00 00 00',
    '03 00 00 00 12 00',
    '5e 00 00 00 00 00 00 00 08 00',
    '25 00 00 00 00 00 00 00 00 00',
    '9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00',
    '1b 00 00 00 01 00',
    '1e 00 00 00 00 00',
  ];
  const reads: string[] = [
    READ,
    '2f 00 00 00 00 00 00 00 01 00',
    '34 00 00 00 00 00 00 00 00 00',
    '1a 00 3f 00 ff 00',
    'a3 0c 00 00 00 00 00 00 00 ff 00 00',
    '37 00 08 00 00 00 00 00 04 00',
  ];
  const others: string[] = [
    WRITE,
    '35 00 00 00 00 00 00 00 00 00',
    '1d 04 00 00 00 00',
    '15 10 00 00 00 00',
    '1b 00 00 00 00 00',
    '1e 00 00 00 01 00',
  ];
  const cases = [1, 3, 5, 6, 7, 8].flatMap((type) =>
    (['holder', 'registrant', 'stranger'] as const).map((who) => [type, who] as const),
  );

  it.each(cases)('type %i by %s', async (type, who) => {
    await pr.out('s1', 'register', { actionKey: 0xan });
    await pr.out('s2', 'register', { actionKey: 0xbn });
    await pr.out('s1', 'reserve', { key: 0xan, type });
    const on = { holder: 's1', registrant: 's2', stranger: 's3' }[who];
    const full = who === 'holder' || (who === 'registrant' && type >= 5);
    const mayRead = full || [1, 5, 7].includes(type);
    const run = async (cdb: string) => ((await pr.run(on, cdb, BLOCK)) === 'CONFLICT' ? 'conflicts' : 'runs');
    for (const cdb of always) expect([cdb, await run(cdb)]).toEqual([cdb, 'runs']);
    for (const cdb of reads) expect([cdb, await run(cdb)]).toEqual([cdb, mayRead ? 'runs' : 'conflicts']);
    for (const cdb of others) expect([cdb, await run(cdb)]).toEqual([cdb, full ? 'runs' : 'conflicts']);
  });
});

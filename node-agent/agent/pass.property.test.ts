// What the agent owes the cluster (operator/plan/README.md), whatever is wished for and whenever it is killed.
import fc from 'fast-check';
import type { ScstNodeSpec, Tombstone } from '../../crds/types.js';
import { backstoreName, parseBackstoreName, parseKernelBackstoreName, sessionWwn } from '../lio/index.js';
import { device, emptySpec, lun, session, target, uid } from './fixtures.js';
import { NODE_UID, World } from './pass-world.fixture.js';
import type { Journal, SourceState } from './wish.js';

const DEVICES = ['1', '2', '3', '4'].map((digit) =>
  device({
    uid: uid(digit),
    // The others are served by LIO.
    engine: digit === '1' || digit === '4' ? 'tcmu' : 'kernel',
    name: `disk${digit}`,
    vdiskFileio: { ...device().vdiskFileio, filename: `/var/lib/scst/${digit}` },
  }),
);
const SESSIONS = ['5', '6'].map((digit) => session({ uid: uid(digit), name: `s${digit}`, scstName: `s${digit}` }));
/** The first may be of another device, too. */
const OTHER_DEVICE = uid('4');
const LUNS = ['8', '9', 'f'].map((digit, at) => lun({ uid: uid(digit), lun: at, device: uid(String(at + 1)) }));

const REPLACED = LUNS.map((each, at) => (at === 0 ? { ...each, device: OTHER_DEVICE } : each));

type Absence = 'unread' | 'otherNode' | 'oldEpoch' | 'oldGeneration';
type Event =
  | { kind: 'wish'; devices: boolean[]; sessions: boolean[]; luns: boolean[]; replaced: boolean; reclaim: boolean }
  | { kind: 'absence'; what: Absence }
  | { kind: 'engine'; alive: boolean }
  | { kind: 'pass'; fuse: number };

const flags = fc.array(fc.boolean(), { minLength: 3, maxLength: 3 });
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: wishes() },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('absence' as const), what: absences() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('engine' as const), alive: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), fuse: fc.oneof(fc.nat(40), fc.constant(999)) }),
  },
);
function wishes(): fc.Arbitrary<Event> {
  return fc.record({
    kind: fc.constant('wish' as const),
    devices: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    sessions: flags,
    luns: flags,
    replaced: fc.boolean(),
    reclaim: fc.boolean(),
  });
}
function absences(): fc.Arbitrary<Absence> {
  return fc.constantFrom('unread', 'otherNode', 'oldEpoch', 'oldGeneration');
}

/** The controller's side: the spec as it is written, generation by generation, with tombstones until they are answered. */
class Controller {
  spec: ScstNodeSpec = emptySpec({ nodeUID: NODE_UID });
  generation = 7;
  /** uids of devices whose file a tombstone allowed to delete. */
  readonly mayDelete = new Set<string>();

  wish({ devices, sessions, luns, replaced, reclaim }: Extract<Event, { kind: 'wish' }>): void {
    const pick = <T>(all: readonly T[], chosen: boolean[]): T[] => all.filter((_, at) => chosen[at]);
    const wantedDevices = pick(DEVICES, devices);
    const next = emptySpec({
      nodeUID: NODE_UID,
      devices: wantedDevices,
      targets: [target()],
      sessions: pick(SESSIONS, sessions),
      luns: pick(replaced ? REPLACED : LUNS, luns).filter(({ device: of }) =>
        wantedDevices.some((each) => each.uid === of),
      ),
    });
    const present = new Set([...next.devices, ...next.sessions, ...next.luns].map((entry) => entry.uid));
    const gone = [
      ...this.spec.devices.map((entry) => ['ScstDevice', entry] as const),
      ...this.spec.sessions.map((entry) => ['ScstSession', entry] as const),
      ...this.spec.luns.map((entry) => ['ScstLun', entry] as const),
    ].filter(([, entry]) => !present.has(entry.uid));
    const made = gone.map(([kind, entry]): Tombstone => {
      const asked = reclaim && kind === 'ScstDevice' ? 'Delete' : 'Retain';
      return { kind, name: entry.name, uid: entry.uid, reason: 'Deleted', reclaim: asked, force: false };
    });
    next.tombstones = [...this.spec.tombstones.filter((old) => !present.has(old.uid)), ...made];
    for (const tombstone of next.tombstones) if (tombstone.reclaim === 'Delete') this.mayDelete.add(tombstone.uid);
    this.spec = next;
    this.generation += 1;
  }

  get state(): SourceState {
    return this.stateOf(this.spec);
  }

  /** What an object of another node, an earlier leader or an old cache says is nothing at all here. */
  absence(what: Absence, journal: Journal | undefined): SourceState {
    const empty = emptySpec({ nodeUID: NODE_UID });
    switch (journal === undefined ? 'unread' : what) {
      case 'unread':
        return { kind: 'unavailable', reason: 'NotFound', message: 'no ScstNode' };
      case 'otherNode':
        return this.stateOf({ ...empty, nodeUID: 'node-b' });
      case 'oldEpoch':
        return this.stateOf({ ...empty, epoch: empty.epoch - 1 });
      case 'oldGeneration':
        return this.stateOf(empty, (journal?.generation ?? 0) - 1);
    }
  }

  private stateOf(spec: ScstNodeSpec, generation = this.generation): SourceState {
    return { kind: 'state', spec, objectUID: 'scstnode', generation, complete: true };
  }
}

const wantedPairs = ({ sessions, luns }: ScstNodeSpec): string[] =>
  sessions.flatMap((one) => luns.map((other) => backstoreName(one.uid, other.uid)));

/** What holds after every pass, also after one that was cut short. */
function checkReport(world: World, controller: Controller): void {
  const { status } = world;
  for (const { uid: of, session: from, state } of status?.luns ?? []) {
    if (state === 'Ready') expect(world.linked()).toContain(backstoreName(from, of));
  }
  expect(world.replacedUnasked).toEqual([]);
  expect(world.deleted.filter((name) => !controller.mayDelete.has(uidOfFile(name)))).toEqual([]);
}

const uidOfFile = (name: string): string => DEVICES.find((each) => each.vdiskFileio.filename === name)?.uid ?? '';

/** What the engine serves is the device that the LUN has now. */
function checkDevices(world: World, { spec }: Controller): void {
  for (const { uid: of, device: as } of spec.luns.filter(({ lun: number }) => number === 0))
    for (const { uid: from } of spec.sessions) expect(world.servedAs(backstoreName(from, of))).toEqual([as]);
}

/** An answer to the newest generation says the truth about what is gone (points 3 and 4 of what the agent owes). */
function checkAnswer(world: World, controller: Controller): void {
  const { status } = world;
  if (status?.observedGeneration !== controller.generation) return;
  const held = new Set(
    [...(status.devices ?? []), ...(status.sessions ?? []), ...(status.luns ?? [])].map((entry) => entry.uid),
  );
  for (const thing of world.things()) {
    const pair = parseBackstoreName(thing);
    const uids = pair === undefined ? [parseKernelBackstoreName(thing) ?? thing] : [pair.sessionUid, pair.lunUid];
    const known =
      uids.some((each) => held.has(each)) || SESSIONS.some((s) => sessionWwn(s.uid) === thing && held.has(s.uid));
    if (!known) throw new Error(`${thing} exists, and the status answers as if it were gone`);
  }
}

/** The agent dies when LIO has a file whose identity isn't set yet, and then no engine says that the file is all right. */
const HALF_MADE_FILE: Event[] = [
  {
    kind: 'wish',
    devices: [false, false, true, false],
    sessions: [true, false, false],
    luns: [false, false, true],
    replaced: false,
    reclaim: false,
  },
  { kind: 'pass', fuse: 9 },
  { kind: 'engine', alive: false },
  { kind: 'pass', fuse: 999 },
];

/** The agent dies at one of the actions of the pass that puts another device behind a LUN. */
function replacedWhileKilled(fuse: number): Event[] {
  const wish = (replaced: boolean): Event => ({
    kind: 'wish',
    devices: [true, false, false, true],
    sessions: [true, false, false],
    luns: [true, false, false],
    replaced,
    reclaim: false,
  });
  const whole: Event = { kind: 'pass', fuse: 999 };
  return [wish(false), whole, whole, wish(true), { kind: 'pass', fuse }, whole];
}
const REPLACED_WHILE_KILLED = Array.from({ length: 20 }, (_, at): [Event[]] => [replacedWhileKilled(at + 1)]);

it('removes only what is not wished for, tells the truth, and converges, killed at any action', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 25 }), async (events) => {
      const world = new World();
      const controller = new Controller();
      let wished = world.state;
      for (const each of events) {
        if (each.kind === 'wish') {
          controller.wish(each);
          world.state = wished = controller.state;
        } else if (each.kind === 'absence') {
          world.state = controller.absence(each.what, world.journal);
        } else if (each.kind === 'engine') {
          world.setEngine(each.alive);
        } else {
          const { journal } = world;
          const former = journal?.spec;
          const linked = world.linked();
          world.status = undefined;
          await world.runPass(each.fuse);
          if (world.state !== wished) {
            expect([world.journal?.spec, world.journal?.generation]).toEqual([former, journal?.generation]);
          }
          // What is wished for before and after is never unlinked.
          const lasting = new Set(wantedPairs(world.journal?.spec ?? controller.spec));
          for (const backstore of wantedPairs(former ?? emptySpec())) {
            if (linked.has(backstore) && lasting.has(backstore)) expect(world.linked()).toContain(backstore);
          }
          checkReport(world, controller);
          checkAnswer(world, controller);
        }
      }

      world.state = controller.state;
      world.setEngine(true);
      for (let pass = 1; (await world.runPass()) !== undefined; pass += 1) expect(pass).toBeLessThan(8);
      expect([...world.linked()].sort()).toEqual(wantedPairs(controller.spec).sort());
      expect(world.status?.luns?.map(({ state }) => state)).toEqual(wantedPairs(controller.spec).map(() => 'Ready'));
      checkDevices(world, controller);
      checkAnswer(world, controller);
      const { writes } = world;
      expect(await world.runPass()).toBeUndefined();
      expect(world.writes).toBe(writes);
    }),
    { numRuns: 400, examples: [[HALF_MADE_FILE], ...REPLACED_WHILE_KILLED] },
  );
});

// What holds for every diff: it converges from any state, stops safely anywhere, and leaves alone what isn't ours.
import fc from 'fast-check';
import type { DesiredLio, DesiredLun } from '../model.js';
import { backstoreName, deviceConfig, HBA, nexusName, parseBackstoreName, sessionWwn } from '../naming.js';
import { createBackstoreSteps } from './backstore.js';
import { diff } from './diff.js';
import { DEFAULTS, ModelKernel, type ModelLun } from './model-kernel.fixture.js';
import type { Step } from './steps.js';

const uid = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`;
const SESSIONS = [uid(1), uid(2)];
const LUNS = [uid(5), uid(6), uid(7)];
const NUMBERS = [0, 1, 2];
const FOREIGN_LINK = 'iblock_0/data';
const NEXUS = nexusName(`06000000${'5000c50000000001'}${'0'.repeat(24)}`);
const PARAMETERS = {
  deviceConfig: deviceConfig(uid(9)),
  sizeBytes: 1 << 20,
  blockSize: 512,
  ioTimeoutSeconds: 600,
  dataAreaMiB: 32,
};

function wantedLun(session: string, lunUid: string, lun: number, ready: boolean): DesiredLun {
  return { lun, backstore: backstoreName(session, lunUid), ready, parameters: PARAMETERS };
}

/** As createBackstoreSteps makes it. */
function attributes(): Record<string, string> {
  const kernel = new ModelKernel({ inHba: 0 }, true);
  const lun = wantedLun(uid(1), uid(5), 0, true);
  for (const step of createBackstoreSteps(lun)) kernel.apply(step);
  return kernel.backstores.get(lun.backstore)?.attributes ?? {};
}

const backstoreState = fc.option(
  fc.record({
    enabled: fc.boolean(),
    attributes: fc.constantFrom(
      attributes(),
      { ...attributes(), dev_size: '512' },
      { ...attributes(), cmd_time_out: '10' },
      { ...attributes(), dev_config: deviceConfig(uid(8)) },
      { ...DEFAULTS },
    ),
  }),
);
/** Index of a LUN in LUNS to link to. */
const lunState = fc.oneof(
  fc.constant('absent' as const),
  fc.constant('empty' as const),
  fc.constant('foreign' as const),
  fc.record({ lun: fc.nat(LUNS.length - 1), present: fc.boolean() }),
);
const sessionState = fc.option(
  fc.record({
    tpg: fc.boolean(),
    foreignTpgs: fc.constantFrom<string[][]>([], [], ['tpgt_7']),
    nexus: fc.constantFrom(undefined, NEXUS, NEXUS, 'naa.5000c50000000002'),
    luns: fc.tuple(lunState, lunState, lunState),
  }),
);

/** Any state that kills at any moment, other programs and changed wishes can leave. */
const kernel = fc
  .record({
    foreignInHba: fc.constantFrom(0, 0, 1),
    sessions: fc.tuple(sessionState, sessionState),
    backstores: fc.array(backstoreState, { minLength: 6, maxLength: 6 }),
  })
  .map(({ foreignInHba, sessions, backstores }) => () => {
    const model = new ModelKernel({ inHba: foreignInHba }, true);
    model.hba = foreignInHba > 0;
    SESSIONS.forEach((session, s) => {
      LUNS.forEach((lun, l) => {
        const state = backstores[s * LUNS.length + l];
        if (state === null || state === undefined) return;
        model.hba = true;
        model.backstores.set(backstoreName(session, lun), { ...state, attributes: { ...state.attributes } });
      });
      const state = sessions[s];
      if (state === null || state === undefined) return;
      const luns = new Map(state.tpg ? state.luns.flatMap((lun, n) => lunOf(model, session, lun, n)) : []);
      const { tpg, nexus } = state;
      const foreignTpgs = [...state.foreignTpgs];
      model.sessions.set(sessionWwn(session), { tpg, foreignTpgs, luns, ...(tpg && nexus !== undefined && { nexus }) });
    });
    return model;
  });

function lunOf(
  model: ModelKernel,
  session: string,
  state: 'absent' | 'empty' | 'foreign' | { lun: number; present: boolean },
  number: number,
): [number, ModelLun][] {
  if (state === 'absent') return [];
  if (state === 'empty') return [[number, { present: false }]];
  if (state === 'foreign') return [[number, { link: FOREIGN_LINK, present: true }]];
  const name = backstoreName(session, LUNS[state.lun] ?? '');
  const backstore = model.backstores.get(name);
  // The kernel links enabled backstores only.
  if (backstore === undefined) return [];
  backstore.enabled = true;
  return [[number, { link: `${HBA}/${name}`, present: state.present }]];
}

const wish = fc
  .record({
    sessions: fc.subarray(SESSIONS),
    luns: fc.subarray(LUNS),
    numbers: fc.shuffledSubarray(NUMBERS, { minLength: 3, maxLength: 3 }),
    ready: fc.boolean(),
    owned: fc.option(
      fc.subarray([
        ...SESSIONS.map(sessionWwn),
        ...SESSIONS.flatMap((session) => LUNS.map((lun) => backstoreName(session, lun))),
      ]),
    ),
  })
  .map(({ sessions, luns, numbers, ready, owned }): Omit<DesiredLio, 'attachedRings'> => {
    return {
      owned: owned === null ? 'all' : new Set(owned),
      sessions: sessions.map((session) => ({
        wwn: sessionWwn(session),
        nexus: NEXUS,
        luns: luns.map((lun, index) => wantedLun(session, lun, numbers[index] ?? 0, ready || index > 0)),
      })),
    };
  });

function stepsFor(wanted: Omit<DesiredLio, 'attachedRings'>, model: ModelKernel): Step[] {
  return diff({ ...wanted, attachedRings: model.attached }, model.observe()).steps;
}

/** At most three rounds: backstores, links, nothing. */
function converge(wanted: Omit<DesiredLio, 'attachedRings'>, model: ModelKernel): void {
  for (const step of stepsFor(wanted, model)) model.apply(step);
  for (const step of stepsFor(wanted, model)) {
    expect(['createLun', 'link', 'removeHba']).toContain(step.kind);
    model.apply(step);
  }
  expect(stepsFor(wanted, model)).toEqual([]);
}

test('what was applied is not asked for again', () => {
  fc.assert(
    fc.property(kernel, wish, fc.boolean(), (make, wanted, engine) => {
      const model = make();
      model.engine = engine;
      converge(wanted, model);
    }),
    { numRuns: 3000 },
  );
});

test('any prefix, and any part of a step, is safe to stop at', () => {
  fc.assert(
    fc.property(kernel, wish, fc.nat(20), fc.boolean(), (make, wanted, length, engine) => {
      const model = make();
      const steps = stepsFor(wanted, model);
      steps.slice(0, length).forEach((step) => model.apply(step));
      const last = steps[length];
      if (last?.kind === 'createBackstore' || last?.kind === 'createSession') model.apply(last, true);
      model.engine = engine;
      converge(wanted, model);
      model.engine = true;
      converge(wanted, model);
    }),
    { numRuns: 3000 },
  );
});

test('in the end each wanted LUN has its device, or a finding says why not', () => {
  fc.assert(
    fc.property(kernel, wish, fc.boolean(), (make, wanted, engine) => {
      const model = make();
      model.engine = engine;
      converge(wanted, model);
      const { findings } = diff({ ...wanted, attachedRings: model.attached }, model.observe());
      for (const { wwn, nexus, luns } of wanted.sessions) {
        for (const lun of luns) {
          const found = model.sessions.get(wwn)?.luns.get(lun.lun);
          const backstore = model.backstores.get(lun.backstore);
          const realised =
            found?.link === `${HBA}/${lun.backstore}` &&
            found.present &&
            model.sessions.get(wwn)?.nexus === nexus &&
            attributesAreRight(backstore?.attributes);
          const explained = findings.some(
            (finding) =>
              finding.wwn === wwn &&
              (finding.lun === undefined || finding.lun === lun.lun || finding.backstore === lun.backstore),
          );
          expect({ lun: lun.lun, realised: realised || explained }).toEqual({ lun: lun.lun, realised: true });
        }
      }
    }),
    { numRuns: 3000 },
  );
});

test('what is not wanted any more is gone in the end, unless others are in it', () => {
  fc.assert(
    fc.property(kernel, (make) => {
      const model = make();
      const foreign = [...model.sessions].filter(([, { foreignTpgs, luns }]) => {
        return foreignTpgs.length > 0 || [...luns.values()].some(({ link }) => link === FOREIGN_LINK);
      });
      converge({ sessions: [], owned: 'all' }, model);
      expect([...model.backstores.keys()]).toEqual([]);
      expect([...model.sessions.keys()]).toEqual(foreign.map(([wwn]) => wwn));
      expect(model.hba).toBe(model.foreign.inHba > 0);
    }),
    { numRuns: 2000 },
  );
});

test('what others made and what the journal does not know stays as it is', () => {
  fc.assert(
    fc.property(kernel, wish, (make, wanted) => {
      const model = make();
      const before = notOurs(model, wanted);
      converge(wanted, model);
      expect(notOurs(model, wanted)).toEqual(before);
    }),
    { numRuns: 3000 },
  );
});

function attributesAreRight(found: Record<string, string> | undefined): boolean {
  return Object.entries(attributes()).every(([name, value]) => found?.[name] === value);
}

/** Links and portal groups of others, and everything of ours by name that is neither wanted nor owned. */
function notOurs(model: ModelKernel, { sessions, owned }: Omit<DesiredLio, 'attachedRings'>): unknown {
  const wanted = new Set(sessions.flatMap(({ wwn, luns }) => [wwn, ...luns.map(({ backstore }) => backstore)]));
  const unknown = (name: string) => owned !== 'all' && !owned.has(name) && !wanted.has(name);
  return {
    sessions: [...model.sessions]
      .map(([wwn, { foreignTpgs, luns, ...session }]) => ({
        links: [...luns].filter(([, { link }]) => {
          return link !== undefined && (!link.startsWith(HBA) || unknown(link.slice(HBA.length + 1)));
        }),
        foreignTpgs,
        ...(unknown(wwn) && { wwn, session, luns: [...luns] }),
      }))
      .filter(({ links, foreignTpgs, ...rest }) => links.length + foreignTpgs.length > 0 || 'wwn' in rest),
    backstores: [...model.backstores].filter(([name]) => unknown(name) && parseBackstoreName(name) !== undefined),
  };
}

// What holds for every diff: it converges from any state, stops safely anywhere, and leaves alone what isn't ours.
import fc from 'fast-check';
import type { DesiredFile, DesiredLio, DesiredLun, DesiredRing } from '../model.js';
import {
  backstoreName,
  deviceConfig,
  FILE_HBA,
  fileBackstoreName,
  HBA,
  nexusName,
  sessionWwn,
  type Hba,
} from '../naming.js';
import { createRingSteps } from './ring-backstore.js';
import { diff } from './diff.js';
import { DEFAULTS, FILE_DEFAULTS, ModelKernel, type ModelBackstore, type ModelLun } from './model-kernel.fixture.js';
import type { Step } from './steps.js';

const uid = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`;
const SESSIONS = [uid(1), uid(2)];
const LUNS = [uid(5), uid(6), uid(7)];
const NUMBERS = [0, 1, 2];
/** Backstores of devices that LIO serves. */
const FILES = [fileBackstoreName(uid(8)), fileBackstoreName(uid(9))];
const FOREIGN_LINK = 'iblock_0/data';
const NEXUS = nexusName(`06000000${'5000c50000000001'}${'0'.repeat(24)}`);
const PARAMETERS = {
  deviceConfig: deviceConfig(uid(9)),
  sizeBytes: 1 << 20,
  blockSize: 512,
  ioTimeoutSeconds: 600,
  dataAreaMiB: 32,
};

const FILE_PARAMETERS = {
  filename: '/var/lib/scst/a, b=c.img',
  sizeBytes: 1 << 20,
  blockSize: 4096,
  writeThrough: false,
  thinProvisioned: true,
  rotational: false,
  optimalTransferLength: 524_288,
  identity: { vendor: 'SCST_FIO', product: 'disk', revision: '3110', serial: '0123456789abcdef' },
};

function wantedRing(session: string, lunUid: string, lun: number, ready: boolean): DesiredRing {
  return { engine: 'tcmu', lun, name: backstoreName(session, lunUid), ready, parameters: PARAMETERS };
}

function wantedFile(backstore: string, ready: boolean): DesiredFile {
  return { backstore, ready, parameters: FILE_PARAMETERS };
}

/** As createRingSteps makes it. */
function attributes(): Record<string, string> {
  const kernel = new ModelKernel({ inHba: 0 }, true);
  const ring = wantedRing(uid(1), uid(5), 0, true);
  for (const step of createRingSteps(ring)) kernel.apply(step);
  return kernel.backstores.get(ring.name)?.attributes ?? {};
}

/** As a diff makes it of nothing. */
function fileAttributes(): Record<string, string> {
  const kernel = new ModelKernel({ inHba: 0 }, true);
  const file = wantedFile(FILES[0] ?? '', true);
  const desired = { sessions: [], files: [file], attachedRings: new Set<string>(), owned: 'all' as const };
  for (const step of diff(desired, kernel.observe()).steps) kernel.apply(step);
  return kernel.backstores.get(file.backstore)?.attributes ?? {};
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
const fileState = fc.option(
  fc.record({
    enabled: fc.boolean(),
    attributes: fc.constantFrom(
      fileAttributes(),
      { ...fileAttributes(), info: 'Size: 512  Mode: Buffered-WCE Async: 0' },
      { ...fileAttributes(), info: `Size: ${1 << 20}  Mode: O_DSYNC Async: 0` },
      { ...fileAttributes(), udev_path: '/elsewhere' },
      { ...fileAttributes(), ...FILE_DEFAULTS },
      {},
    ),
  }),
);
/** Index of a LUN in LUNS to link to, or of a file in FILES that is linked under that LUN’s name. */
const lunState = fc.oneof(
  fc.constant('absent' as const),
  fc.constant('empty' as const),
  fc.constant('foreign' as const),
  fc.record({ lun: fc.nat(LUNS.length - 1), present: fc.boolean() }),
  fc.record({ lun: fc.nat(LUNS.length - 1), file: fc.nat(FILES.length - 1), present: fc.boolean() }),
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
    files: fc.tuple(fileState, fileState),
  })
  .map(({ foreignInHba, sessions, backstores, files }) => () => {
    const model = new ModelKernel({ inHba: foreignInHba }, true);
    const add = (hba: Hba, name: string, state: ModelBackstore | null | undefined) => {
      if (foreignInHba > 0) model.hbas.add(hba);
      if (state === null || state === undefined) return;
      model.hbas.add(hba);
      model.backstores.set(name, { ...state, attributes: { ...state.attributes } });
    };
    FILES.forEach((name, f) => add(FILE_HBA, name, files[f]));
    SESSIONS.forEach((session, s) => {
      LUNS.forEach((lun, l) => {
        add(HBA, backstoreName(session, lun), backstores[s * LUNS.length + l]);
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
  state: 'absent' | 'empty' | 'foreign' | { lun: number; file?: number; present: boolean },
  number: number,
): [number, ModelLun][] {
  if (state === 'absent') return [];
  if (state === 'empty') return [[number, { present: false }]];
  if (state === 'foreign') return [[number, { link: FOREIGN_LINK, present: true }]];
  const name = backstoreName(session, LUNS[state.lun] ?? '');
  const target = state.file === undefined ? name : (FILES[state.file] ?? '');
  const backstore = model.backstores.get(target);
  // The kernel links enabled backstores only.
  if (backstore === undefined) return [];
  backstore.enabled = true;
  const hba = state.file === undefined ? HBA : FILE_HBA;
  return [[number, { link: `${hba}/${target}`, name, present: state.present }]];
}

const wish = fc
  .record({
    sessions: fc.subarray(SESSIONS),
    luns: fc.subarray(LUNS),
    numbers: fc.shuffledSubarray(NUMBERS, { minLength: 3, maxLength: 3 }),
    ready: fc.boolean(),
    /** Of each LUN: the file that it leads to, or a ring. */
    files: fc.tuple(...LUNS.map(() => fc.option(fc.constantFrom(...FILES), { freq: 1, nil: undefined }))),
    owned: fc.option(
      fc.subarray([
        ...FILES,
        ...SESSIONS.map(sessionWwn),
        ...SESSIONS.flatMap((session) => LUNS.map((lun) => backstoreName(session, lun))),
      ]),
    ),
  })
  .map(({ sessions, luns, numbers, ready, files: chosen, owned }): Omit<DesiredLio, 'attachedRings'> => {
    // The rings are of the second file's device, and a device is wanted of one engine.
    const files = chosen.some((file) => file === undefined) ? chosen.map((file) => file && FILES[0]) : chosen;
    const wantedLun = (session: string, uid: string, index: number): DesiredLun => {
      const backstore = files[index];
      const lun = numbers[index] ?? 0;
      return backstore === undefined
        ? wantedRing(session, uid, lun, ready || index > 0)
        : { engine: 'kernel', lun, name: backstoreName(session, uid), backstore };
    };
    const exposed = sessions.length === 0 ? [] : files.slice(0, luns.length);
    return {
      owned: owned === null ? 'all' : new Set(owned),
      files: FILES.filter((file) => exposed.includes(file)).map((file, index) => wantedFile(file, ready || index > 0)),
      sessions: sessions.map((session) => ({
        wwn: sessionWwn(session),
        nexus: NEXUS,
        nexusCounts: exposed.some((file) => file !== undefined),
        luns: luns.map((lun, index) => wantedLun(session, lun, index)),
      })),
    };
  });

function stepsFor(wanted: Omit<DesiredLio, 'attachedRings'>, model: ModelKernel): Step[] {
  return diff({ ...wanted, attachedRings: model.attached }, model.observe()).steps;
}

const SECOND = ['createLun', 'link', 'removeHba'];

/**
 * At most three rounds: backstores, links, nothing. A file that LUNs lead to, and that isn’t wanted or not so, goes in a
 * round of its own after their links, and is made anew in another.
 */
function converge(wanted: Omit<DesiredLio, 'attachedRings'>, model: ModelKernel): void {
  const filesGo = model.backstores.size > 0 && [...model.backstores.keys()].some((name) => FILES.includes(name));
  const rounds: Step[][] = [];
  for (let steps = stepsFor(wanted, model); steps.length > 0; steps = stepsFor(wanted, model)) {
    rounds.push(steps);
    expect(rounds.length).toBeLessThanOrEqual(filesGo ? 4 : 2);
    for (const step of steps) model.apply(step);
  }
  const later = rounds.slice(1).flat();
  const ofFiles = later.filter((step) => 'backstore' in step && FILES.includes(step.backstore));
  expect(later.filter((step) => !ofFiles.includes(step) && !SECOND.includes(step.kind))).toEqual([]);
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
      const parts: Step['kind'][] = ['createBackstore', 'setAttributes', 'createSession'];
      if (last !== undefined && parts.includes(last.kind)) model.apply(last, true);
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
      for (const { wwn, nexus, nexusCounts, luns } of wanted.sessions) {
        for (const lun of luns) {
          const found = model.sessions.get(wwn)?.luns.get(lun.lun);
          const [hba, backstore] = lun.engine === 'tcmu' ? [HBA, lun.name] : [FILE_HBA, lun.backstore];
          const expected = lun.engine === 'tcmu' ? attributes() : fileAttributes();
          const realised =
            found?.link === `${hba}/${backstore}` &&
            found.present &&
            found.name === lun.name &&
            (nexusCounts ? model.sessions.get(wwn)?.nexus === nexus : model.sessions.get(wwn)?.nexus !== undefined) &&
            includes(model.backstores.get(backstore)?.attributes, expected);
          const explained = findings.some(
            (finding) =>
              finding.backstore === backstore ||
              (finding.wwn === wwn &&
                (finding.lun === undefined || finding.lun === lun.lun || finding.backstore === lun.name)),
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
      converge({ sessions: [], files: [], owned: 'all' }, model);
      expect([...model.backstores.keys()]).toEqual([]);
      expect([...model.sessions.keys()]).toEqual(foreign.map(([wwn]) => wwn));
      expect([...model.hbas].sort()).toEqual(model.foreign.inHba > 0 ? [FILE_HBA, HBA] : []);
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

function includes(found: Record<string, string> | undefined, expected: Record<string, string>): boolean {
  return Object.entries(expected).every(([name, value]) => found?.[name] === value);
}

/** Links and portal groups of others, and everything of ours by name that is neither wanted nor owned. */
function notOurs(model: ModelKernel, { sessions, files, owned }: Omit<DesiredLio, 'attachedRings'>): unknown {
  const wanted = new Set([
    ...files.map(({ backstore }) => backstore),
    ...sessions.flatMap(({ wwn, luns }) => [wwn, ...luns.map(({ name }) => name)]),
  ]);
  const unknown = (name: string) => owned !== 'all' && !owned.has(name) && !wanted.has(name);
  return {
    sessions: [...model.sessions]
      .map(([wwn, { foreignTpgs, luns, ...session }]) => ({
        links: [...luns].filter(([, { link, name }]) => {
          return link !== undefined && (link === FOREIGN_LINK || unknown(name ?? ''));
        }),
        foreignTpgs,
        ...(unknown(wwn) && { wwn, session, luns: [...luns] }),
      }))
      .filter(({ links, foreignTpgs, ...rest }) => links.length + foreignTpgs.length > 0 || 'wwn' in rest),
    backstores: [...model.backstores].filter(([name]) => unknown(name)),
  };
}

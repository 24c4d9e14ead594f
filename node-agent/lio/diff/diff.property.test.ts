// What holds for every diff: it converges from any state, stops safely anywhere, and leaves alone what isn't ours.
import fc from 'fast-check';
import type { DesiredKernelDisk, DesiredLio, DesiredLun, DesiredRing, KernelDiskParameters } from '../model.js';
import {
  backstoreName,
  deviceConfig,
  BLOCK_HBA,
  FILE_HBA,
  HBA,
  hbaOf,
  kernelBackstoreName,
  nexusName,
  sessionWwn,
  type Hba,
} from '../naming.js';
import { createRingSteps } from './ring-backstore.js';
import { diff } from './diff.js';
import { DEFAULTS, KERNEL_DEFAULTS, ModelKernel, type ModelBackstore, type ModelLun } from './model-kernel.fixture.js';
import type { Step } from './steps.js';

const uid = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`;
const SESSIONS = [uid(1), uid(2)];
const LUNS = [uid(5), uid(6), uid(7)];
const NUMBERS = [0, 1, 2];
/** Backstores of devices that LIO serves. */
const DISKS = [kernelBackstoreName(FILE_HBA, uid(8)), kernelBackstoreName(BLOCK_HBA, uid(9))] as const;
const FOREIGN_LINK = 'iblock_0/data';
const NEXUS = nexusName(`06000000${'5000c50000000001'}${'0'.repeat(24)}`);
const PARAMETERS = {
  deviceConfig: deviceConfig(uid(9)),
  sizeBytes: 1 << 20,
  blockSize: 512,
  ioTimeoutSeconds: 600,
  dataAreaMiB: 32,
};

const COMMON_PARAMETERS = {
  filename: '/var/lib/scst/a, b=c.img',
  blockSize: 4096,
  thinProvisioned: true,
  rotational: false,
  optimalTransferLength: 524_288,
  identity: { vendor: 'SCST_FIO', product: 'disk', revision: '3110', serial: '0123456789abcdef' },
};
const FILE: KernelDiskParameters = { ...COMMON_PARAMETERS, plugin: 'fileio', sizeBytes: 1 << 20, writeThrough: false };
const BLOCK: KernelDiskParameters = { ...COMMON_PARAMETERS, plugin: 'iblock', readOnly: false };

function wantedRing(session: string, lunUid: string, lun: number, ready: boolean): DesiredRing {
  return { engine: 'tcmu', lun, name: backstoreName(session, lunUid), ready, parameters: PARAMETERS };
}

function wantedDisk(backstore: string, ready: boolean): DesiredKernelDisk {
  return { backstore, ready, parameters: hbaOf(backstore) === FILE_HBA ? FILE : BLOCK };
}

/** As createRingSteps makes it. */
function attributes(): Record<string, string> {
  const kernel = new ModelKernel({ inHba: 0 }, true);
  const ring = wantedRing(uid(1), uid(5), 0, true);
  for (const step of createRingSteps(ring)) kernel.apply(step);
  return kernel.backstores.get(ring.name)?.attributes ?? {};
}

/** As a diff makes it of nothing. */
function diskAttributes(backstore: string): Record<string, string> {
  const kernel = new ModelKernel({ inHba: 0 }, true);
  const disk = wantedDisk(backstore, true);
  const desired = { sessions: [], kernelDisks: [disk], attachedRings: new Set<string>(), owned: 'all' as const };
  for (const step of diff(desired, kernel.observe()).steps) kernel.apply(step);
  return kernel.backstores.get(backstore)?.attributes ?? {};
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
const diskState = (backstore: string, infos: string[]) => {
  const made = diskAttributes(backstore);
  return fc.option(
    fc.record({
      enabled: fc.boolean(),
      attributes: fc.constantFrom(
        made,
        ...infos.map((info) => ({ ...made, info })),
        { ...made, udev_path: '/elsewhere' },
        { ...made, ...KERNEL_DEFAULTS },
        {},
      ),
    }),
  );
};
const fileState = diskState(DISKS[0], [
  'Size: 512  Mode: Buffered-WCE Async: 0',
  `Size: ${1 << 20}  Mode: O_DSYNC Async: 0`,
]);
const blockState = diskState(DISKS[1], ['readonly: 1']);
/** Index of a LUN in LUNS to link to, or of a disk in DISKS that is linked under that LUN’s name. */
const lunState = fc.oneof(
  fc.constant('absent' as const),
  fc.constant('empty' as const),
  fc.constant('foreign' as const),
  fc.record({ lun: fc.nat(LUNS.length - 1), present: fc.boolean() }),
  fc.record({ lun: fc.nat(LUNS.length - 1), disk: fc.nat(DISKS.length - 1), present: fc.boolean() }),
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
    disks: fc.tuple(fileState, blockState),
  })
  .map(({ foreignInHba, sessions, backstores, disks }) => () => {
    const model = new ModelKernel({ inHba: foreignInHba }, true);
    const add = (hba: Hba, name: string, state: ModelBackstore | null | undefined) => {
      if (foreignInHba > 0) model.hbas.add(hba);
      if (state === null || state === undefined) return;
      model.hbas.add(hba);
      model.backstores.set(name, { ...state, attributes: { ...state.attributes } });
    };
    DISKS.forEach((name, d) => add(hbaOf(name), name, disks[d]));
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
  state: 'absent' | 'empty' | 'foreign' | { lun: number; disk?: number; present: boolean },
  number: number,
): [number, ModelLun][] {
  if (state === 'absent') return [];
  if (state === 'empty') return [[number, { present: false }]];
  if (state === 'foreign') return [[number, { link: FOREIGN_LINK, present: true }]];
  const name = backstoreName(session, LUNS[state.lun] ?? '');
  const target = state.disk === undefined ? name : (DISKS[state.disk] ?? '');
  const backstore = model.backstores.get(target);
  // The kernel links enabled backstores only.
  if (backstore === undefined) return [];
  backstore.enabled = true;
  return [[number, { link: `${hbaOf(target)}/${target}`, name, present: state.present }]];
}

const wish = fc
  .record({
    sessions: fc.subarray(SESSIONS),
    luns: fc.subarray(LUNS),
    numbers: fc.shuffledSubarray(NUMBERS, { minLength: 3, maxLength: 3 }),
    ready: fc.boolean(),
    /** Of each LUN: what of LIO's it leads to, or a ring. */
    chosen: fc.tuple(...LUNS.map(() => fc.option(fc.constantFrom(...DISKS), { freq: 1, nil: undefined }))),
    owned: fc.option(
      fc.subarray([
        ...DISKS,
        ...SESSIONS.map(sessionWwn),
        ...SESSIONS.flatMap((session) => LUNS.map((lun) => backstoreName(session, lun))),
      ]),
    ),
  })
  .map(({ sessions, luns, numbers, ready, chosen, owned }): Omit<DesiredLio, 'attachedRings'> => {
    // The rings are of the second disk's device, and a device is wanted of one engine.
    const disks = chosen.some((disk) => disk === undefined) ? chosen.map((disk) => disk && DISKS[0]) : chosen;
    const wantedLun = (session: string, uid: string, index: number): DesiredLun => {
      const backstore = disks[index];
      const lun = numbers[index] ?? 0;
      return backstore === undefined
        ? wantedRing(session, uid, lun, ready || index > 0)
        : { engine: 'kernel', lun, name: backstoreName(session, uid), backstore };
    };
    const exposed = sessions.length === 0 ? [] : disks.slice(0, luns.length);
    return {
      owned: owned === null ? 'all' : new Set(owned),
      kernelDisks: DISKS.filter((disk) => exposed.includes(disk)).map((disk, index) =>
        wantedDisk(disk, ready || index > 0),
      ),
      sessions: sessions.map((session) => ({
        wwn: sessionWwn(session),
        nexus: NEXUS,
        nexusCounts: exposed.some((disk) => disk !== undefined),
        luns: luns.map((lun, index) => wantedLun(session, lun, index)),
      })),
    };
  });

function stepsFor(wanted: Omit<DesiredLio, 'attachedRings'>, model: ModelKernel): Step[] {
  return diff({ ...wanted, attachedRings: model.attached }, model.observe()).steps;
}

const SECOND = ['createLun', 'link', 'removeHba'];

/**
 * At most three rounds: backstores, links, nothing. What LIO serves, that LUNs lead to, and that isn’t wanted or not so, goes in a
 * round of its own after their links, and is made anew in another.
 */
function converge(wanted: Omit<DesiredLio, 'attachedRings'>, model: ModelKernel): void {
  const isDisk = (name: string) => DISKS.some((disk) => disk === name);
  const disksGo = [...model.backstores.keys()].some(isDisk);
  const rounds: Step[][] = [];
  for (let steps = stepsFor(wanted, model); steps.length > 0; steps = stepsFor(wanted, model)) {
    rounds.push(steps);
    expect(rounds.length).toBeLessThanOrEqual(disksGo ? 4 : 2);
    for (const step of steps) model.apply(step);
  }
  const later = rounds.slice(1).flat();
  const ofDisks = later.filter((step) => 'backstore' in step && isDisk(step.backstore));
  expect(later.filter((step) => !ofDisks.includes(step) && !SECOND.includes(step.kind))).toEqual([]);
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
          const backstore = lun.engine === 'tcmu' ? lun.name : lun.backstore;
          const expected = lun.engine === 'tcmu' ? attributes() : diskAttributes(backstore);
          const realised =
            found?.link === `${hbaOf(backstore)}/${backstore}` &&
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
      converge({ sessions: [], kernelDisks: [], owned: 'all' }, model);
      expect([...model.backstores.keys()]).toEqual([]);
      expect([...model.sessions.keys()]).toEqual(foreign.map(([wwn]) => wwn));
      expect([...model.hbas].sort()).toEqual(model.foreign.inHba > 0 ? [FILE_HBA, BLOCK_HBA, HBA] : []);
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
function notOurs(model: ModelKernel, { sessions, kernelDisks, owned }: Omit<DesiredLio, 'attachedRings'>): unknown {
  const wanted = new Set([
    ...kernelDisks.map(({ backstore }) => backstore),
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

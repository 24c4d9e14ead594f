// What the agent wants of LIO and of the engine, for a spec, a journal and what is in the kernel.
import type { NodeDevice } from '../../crds/types.js';
import type { UnitConfiguration } from '../protocol/types.js';
import { BLOCK_HBA, FILE_HBA, kernelBackstoreName, HBA, sessionWwn, type ObservedLio } from '../lio/index.js';
import { desiredLio, kernelLuns, leavingLuns, namesInKernel, withoutFinished } from './desire.js';
import { engineConfiguration, pairsOfKernelDisks, servedUnits } from './engine-configuration.js';
import { BACKSTORE, device, emptySpec, engine, journal, lun, session, spec, uid, unit } from './fixtures.js';

const WWN = sessionWwn(uid('b'));
const observed = (over: Partial<ObservedLio> = {}): ObservedLio => ({
  hbas: { [HBA]: 'own', [FILE_HBA]: 'own', [BLOCK_HBA]: 'absent' },
  backstores: [{ name: BACKSTORE, busy: false, enabled: true, attributes: {} }],
  sessions: [
    {
      wwn: WWN,
      busy: false,
      tpg: true,
      foreignTpgs: [],
      address: '2:0:0',
      nexus: 'naa.35c5800000000001',
      luns: [{ lun: 0, busy: false, link: { name: 'scst', hba: 'user_21332', backstore: BACKSTORE }, present: true }],
    },
  ],
  foreign: { backstores: 0, sessions: 0 },
  ...over,
});
const FILE = kernelBackstoreName(FILE_HBA, uid('d'));
const BLOCK = kernelBackstoreName(BLOCK_HBA, uid('d'));
/** As `observed`, the device served by LIO. */
const observedFile = observed({
  backstores: [{ name: FILE, busy: false, enabled: true, attributes: {} }],
  sessions: observed().sessions.map((found) =>
    found.busy
      ? found
      : {
          ...found,
          luns: [{ lun: 0, busy: false, link: { name: BACKSTORE, hba: FILE_HBA, backstore: FILE }, present: true }],
        },
  ),
});
const ofKernel = spec({ devices: [device({ engine: 'kernel' })] });
const departed = journal({
  spec: emptySpec(),
  departed: { devices: [device()], sessions: [session()], luns: [lun()] },
});

describe('desiredLio', () => {
  it('has the LUN in the session, ready with the size that the engine found', () => {
    const desired = desiredLio(journal(), engine(unit({ size: 4096 })), 600);
    expect(desired.sessions).toMatchObject([
      {
        wwn: WWN,
        nexus: 'naa.35c5800000000001',
        luns: [{ lun: 0, ready: true, parameters: { sizeBytes: 4096, ioTimeoutSeconds: 600 } }],
      },
    ]);
    expect([...desired.attachedRings]).toEqual([BACKSTORE]);
  });

  it('makes nothing and takes nothing away while the engine is not there', () => {
    const desired = desiredLio(journal(), undefined, 600);
    expect(desired.sessions[0]?.luns[0]).toMatchObject({ ready: false });
    expect(desired.attachedRings.size).toBe(0);
  });

  it('gives each session of the target its own ring of one device', () => {
    const two = spec({ sessions: [session(), session({ uid: uid('e'), name: 'other', scstName: 'other' })] });
    const [unitConfiguration] = servedUnits(two, [], new Set());
    expect(unitConfiguration?.rings.map((ring) => ring.session)).toEqual(['host', 'other']);
    expect(desiredLio(journal({ spec: two }), engine(unit()), 600).sessions.map(({ luns }) => luns.length)).toEqual([
      1, 1,
    ]);
  });

  it('wants nothing of what left the spec, and names what is left of it in the kernel', () => {
    expect(leavingLuns(departed, observed())).toEqual([
      expect.objectContaining({ backstore: BACKSTORE, lun: 0, hctl: '2:0:0:0' }),
    ]);
    expect(desiredLio(departed, engine(unit()), 600).sessions).toEqual([]);
  });

  it('owns what the journal names and nothing else', () => {
    const other = `scst-${uid('1')}-${uid('2')}`;
    const found = observed({ backstores: [{ name: other, busy: false, enabled: true, attributes: {} }], sessions: [] });
    expect(kernelLuns(found).map((pair) => pair.backstore)).toEqual([other]);
    expect(leavingLuns(departed, found)).toEqual([]);
    expect(desiredLio(departed, undefined, 600).owned).toEqual(new Set([WWN, BACKSTORE, FILE, BLOCK]));
  });
});

const SAME = { blocksize: 512, readOnly: false, removable: false, rotational: true };

describe('servedUnits', () => {
  it('has a LUN that left the spec until its backstore is out of the kernel', () => {
    const served = servedUnits(spec(), [], new Set());
    const during = servedUnits(emptySpec(), served, namesInKernel(observed()));
    expect(during.map((unit) => unit.rings.length)).toEqual([1]);
    expect(servedUnits(emptySpec(), served, new Set())).toEqual([]);
  });

  it('adds to a unit that is wanted still the rings that are leaving', () => {
    const served = servedUnits(spec(), [], new Set());
    const without = spec({ sessions: [], luns: [] });
    expect(servedUnits(without, served, namesInKernel(observed()))).toMatchObject([
      { uid: uid('d'), rings: [{ backstore: BACKSTORE }] },
    ]);
  });

  it('keeps the unit of a file that LIO serves until its backstore has gone, though no LUN leads to it any more', () => {
    const served = servedUnits(ofKernel, [], new Set());
    const unlinked = { ...observedFile, sessions: [] };
    const during = servedUnits(emptySpec(), served, namesInKernel(unlinked));
    expect(during).toMatchObject([{ uid: uid('d'), rings: [] }]);
    expect(servedUnits(emptySpec(), during, new Set())).toEqual([]);
  });

  it('keeps the ring of a device that LIO is to serve from now on, until it has gone', () => {
    const served = servedUnits(spec(), [], new Set());
    const [during] = servedUnits(ofKernel, served, namesInKernel(observed()));
    expect(during?.rings.map(({ hba }) => hba)).toEqual([FILE_HBA, HBA]);
    const [after] = servedUnits(ofKernel, during === undefined ? [] : [during], namesInKernel(observedFile));
    expect(after?.rings.map(({ hba }) => hba)).toEqual([FILE_HBA]);
  });
});

describe('a device that LIO serves', () => {
  it('is a unit without rings for the engine', () => {
    const served = servedUnits(ofKernel, [], new Set());
    expect(engineConfiguration(served).units).toMatchObject([{ uid: uid('d'), rings: [] }]);
    expect(pairsOfKernelDisks(served).get(FILE)).toEqual([BACKSTORE]);
  });

  it('is one backstore, of the size that the engine found, however many LUNs lead to it', () => {
    const two = { ...ofKernel, sessions: [session(), session({ uid: uid('e'), name: 'other', scstName: 'other' })] };
    const desired = desiredLio(journal({ spec: two }), engine(unit({ size: 4096, rings: [] })), 600);
    expect(desired.kernelDisks).toMatchObject([{ backstore: FILE, ready: true, parameters: { sizeBytes: 4096 } }]);
    expect(desired.sessions.flatMap(({ luns }) => luns)).toMatchObject([
      { engine: 'kernel', name: BACKSTORE, backstore: FILE },
      { engine: 'kernel', backstore: FILE },
    ]);
    expect(desiredLio(journal({ spec: two }), undefined, 600).kernelDisks).toMatchObject([{ ready: false }]);
  });

  it('keeps a block device only while the engine itself serves it', () => {
    const blockio = { filename: '/dev/sdb', ...SAME, writeThrough: false, nvCache: false, active: true };
    const of = (engine: 'tcmu' | 'kernel') =>
      spec({ devices: [{ ...device({ engine, handler: 'vdiskBlockio' }), vdiskBlockio: blockio }].map(withoutFile) });
    const claims = (units: UnitConfiguration[]) =>
      engineConfiguration(units).units.map(({ vdiskBlockio }) => vdiskBlockio?.claim);
    const ring = servedUnits(of('tcmu'), [], new Set());
    const leaving = servedUnits(of('kernel'), ring, namesInKernel(observed()));
    const left = servedUnits(of('kernel'), leaving, new Set());
    expect([claims(ring), claims(leaving), claims(left)]).toEqual([[true], [true], [false]]);
    expect(desiredLio(journal({ spec: of('kernel') }), engine(unit({ rings: [] })), 600).kernelDisks).toMatchObject([
      { backstore: BLOCK, parameters: { plugin: 'iblock', filename: '/dev/sdb', readOnly: false } },
    ]);
  });

  it('is found again by the names of its links', () => {
    expect(kernelLuns(observedFile)).toEqual([
      expect.objectContaining({ backstore: BACKSTORE, hba: FILE_HBA, lun: 0, hctl: '2:0:0:0' }),
    ]);
  });

  it('is remembered until its backstore has gone', () => {
    const held = { ...observedFile, sessions: [] };
    const reclaimed = new Set([uid('d')]);
    expect(withoutFinished(departed, held, engine(), reclaimed).departed.devices).toHaveLength(1);
    expect(withoutFinished(departed, observed({ backstores: [] }), engine(), reclaimed).departed.devices).toEqual([]);
  });
});

describe('withoutFinished', () => {
  const gone = observed({ backstores: [], sessions: [] });

  it('forgets what is out of the kernel and of the engine, once its file was dealt with', () => {
    const done = withoutFinished(departed, gone, engine(), new Set([uid('d')]));
    expect(done.departed).toEqual({ devices: [], sessions: [], luns: [] });
  });

  it('remembers the device while the engine has it, is away, or its file wasn’t dealt with', () => {
    expect(withoutFinished(departed, gone, engine(unit()), new Set([uid('d')])).departed.devices).toHaveLength(1);
    expect(withoutFinished(departed, gone, undefined, new Set([uid('d')])).departed.devices).toHaveLength(1);
    expect(withoutFinished(departed, gone, engine(), new Set()).departed.devices).toHaveLength(1);
  });

  it('remembers session and LUN while anything of them is in the kernel', () => {
    expect(withoutFinished(departed, observed(), engine(), new Set()).departed).toMatchObject({
      sessions: [{}],
      luns: [{}],
    });
    const onlyBackstore = observed({ sessions: [] });
    expect(withoutFinished(departed, onlyBackstore, engine(), new Set()).departed).toMatchObject({
      sessions: [{}],
      luns: [{}],
    });
  });
});

function withoutFile({ vdiskFileio: _, ...rest }: NodeDevice): NodeDevice {
  return rest;
}

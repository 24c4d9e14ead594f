// What is read of configfs, on a tree of the same shape in a directory.
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { eventually } from '../../test/env/stack/eventually.js';
import type { Step } from './diff/steps.js';
import { backstoreName, BLOCK_HBA, FILE_HBA, kernelBackstoreName, HBA, sessionWwn } from './naming.js';
import { LioObserver } from './observe.js';
import type { OpenStep } from './steps/record.js';

const SESSION = '00000000-0000-4000-8000-000000000001';
const NAME = backstoreName(SESSION, '00000000-0000-4000-8000-000000000002');
const WWN = sessionWwn(SESSION);

let root: string;
let observer: LioObserver;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'scst-observe-'));
  observer = new LioObserver({ configfs: join(root, 'target'), sys: join(root, 'sys'), deadlineMs: 200 });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function files(contents: Record<string, string>): void {
  for (const [path, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}
const directory = (path: string) => mkdirSync(join(root, path), { recursive: true });

/** A session with a linked LUN and its SCSI device. */
function realised(): void {
  files({
    [`target/core/${HBA}/${NAME}/enable`]: '1\n',
    [`target/core/${HBA}/${NAME}/attrib/cmd_time_out`]: '600\n',
    [`target/loopback/${WWN}/tpgt_0/address`]: '3:0:0\n',
    [`target/loopback/${WWN}/tpgt_0/nexus`]: 'naa.5000c50000000001\n',
  });
  directory(`target/loopback/${WWN}/tpgt_0/lun/lun_7`);
  symlinkSync(join(root, `target/core/${HBA}/${NAME}`), join(root, `target/loopback/${WWN}/tpgt_0/lun/lun_7/${NAME}`));
  directory('sys/class/scsi_device/3:0:0:7');
}

const open = (step: Omit<OpenStep, 'file'>): OpenStep[] => [{ file: '/record', ...step }];

it('finds nothing where configfs has nothing', async () => {
  expect(await observer.observe([])).toEqual({
    hbas: { [HBA]: 'absent', [FILE_HBA]: 'absent', [BLOCK_HBA]: 'absent' },
    backstores: [],
    sessions: [],
    foreign: { backstores: 0, sessions: 0 },
  });
});

it('reads a LUN with its link and its device, and the backstore with the attributes that there are', async () => {
  realised();
  const { hbas, backstores, sessions } = await observer.observe([]);
  expect(hbas).toEqual({ [HBA]: 'own', [FILE_HBA]: 'absent', [BLOCK_HBA]: 'absent' });
  expect(backstores).toEqual([{ name: NAME, busy: false, enabled: true, attributes: { cmd_time_out: '600' } }]);
  expect(sessions).toEqual([
    {
      wwn: WWN,
      busy: false,
      tpg: true,
      foreignTpgs: [],
      address: '3:0:0',
      nexus: 'naa.5000c50000000001',
      luns: [{ lun: 7, busy: false, present: true, link: { name: NAME, hba: HBA, backstore: NAME } }],
    },
  ]);
});

it('reads a file that LIO serves by the paths of what is compared, and its link by the name of the pair', async () => {
  const file = kernelBackstoreName(FILE_HBA, '00000000-0000-4000-8000-000000000003');
  files({
    [`target/core/${FILE_HBA}/${file}/enable`]: '1\n',
    [`target/core/${FILE_HBA}/${file}/attrib/block_size`]: '4096\n',
    [`target/core/${FILE_HBA}/${file}/wwn/product_id`]: 'disk\n',
    [`target/loopback/${WWN}/tpgt_0/address`]: '3:0:0\n',
  });
  directory(`target/loopback/${WWN}/tpgt_0/lun/lun_0`);
  const link = `target/loopback/${WWN}/tpgt_0/lun/lun_0/${NAME}`;
  symlinkSync(join(root, `target/core/${FILE_HBA}/${file}`), join(root, link));
  const { hbas, backstores, sessions } = await observer.observe([]);
  expect(hbas).toEqual({ [HBA]: 'absent', [FILE_HBA]: 'own', [BLOCK_HBA]: 'absent' });
  const attributes = { 'attrib/block_size': '4096', 'wwn/product_id': 'disk' };
  expect(backstores).toEqual([{ name: file, busy: false, enabled: true, attributes }]);
  expect(sessions).toMatchObject([{ luns: [{ link: { name: NAME, hba: FILE_HBA, backstore: file } }] }]);
});

it('tells a half-made session and a LUN without link or device from a whole one', async () => {
  directory(`target/loopback/${WWN}`);
  const wwn = { wwn: WWN, busy: false, foreignTpgs: [], luns: [] };
  expect((await observer.observe([])).sessions).toEqual([{ ...wwn, tpg: false }]);
  files({ [`target/loopback/${WWN}/tpgt_0/address`]: '3:0:0\n' });
  directory(`target/loopback/${WWN}/tpgt_0/lun/lun_0`);
  expect((await observer.observe([])).sessions).toEqual([
    { ...wwn, tpg: true, address: '3:0:0', luns: [{ lun: 0, busy: false, present: false }] },
  ]);
});

it('only counts what others made, also in an HBA and a WWN of ours', async () => {
  realised();
  files({ 'target/core/iblock_0/data/enable': '1\n', [`target/core/${HBA}/other/enable`]: '1\n' });
  directory('target/loopback/naa.5001405aaaaaaaaa/tpgt_1');
  directory('target/loopback/discovery_auth');
  directory(`target/loopback/${WWN}/tpgt_7`);
  const observed = await observer.observe([]);
  expect(observed.hbas[HBA]).toBe('shared');
  expect(observed.backstores.map(({ name }) => name)).toEqual([NAME]);
  expect(observed.sessions).toMatchObject([{ wwn: WWN, foreignTpgs: ['tpgt_7'] }]);
  expect(observed.foreign).toEqual({ backstores: 2, sessions: 1 });
});

it('reads nothing below an object with an open step', async () => {
  realised();
  const hidden = (path: string) => rmSync(join(root, path), { recursive: true });
  hidden(`target/loopback/${WWN}/tpgt_0/lun/lun_7/${NAME}`);
  const linking = await observer.observe(open({ kind: 'link', wwn: WWN, lun: 7, backstore: NAME }));
  expect(linking.sessions).toMatchObject([{ busy: false, luns: [{ lun: 7, busy: true }] }]);
  const nexus = await observer.observe(open({ kind: 'setNexus', wwn: WWN }));
  expect(nexus.sessions).toEqual([{ wwn: WWN, busy: true }]);
  const enabling = await observer.observe(open({ kind: 'enableBackstore', backstore: NAME }));
  expect(enabling.backstores).toEqual([{ name: NAME, busy: true }]);
});

it('takes an object whose read does not return for busy, and asks again only when that read has ended', async () => {
  realised();
  const nexus = join(root, `target/loopback/${WWN}/tpgt_0/nexus`);
  const held = join(root, 'held');
  rmSync(nexus);
  // A FIFO that nobody writes to: opening it for reading hangs.
  execFileSync('mkfifo', [nexus]);
  linkSync(nexus, held);
  expect((await observer.observe([])).sessions).toEqual([{ wwn: WWN, busy: true }]);
  rmSync(nexus);
  writeFileSync(nexus, 'naa.5000c50000000001\n');
  expect((await observer.observe([])).sessions).toEqual([{ wwn: WWN, busy: true }]);
  writeFileSync(held, '');
  await eventually(async () => expect((await observer.observe([])).sessions).toMatchObject([{ busy: false }]));
});

it('reads anew only what steps may have changed since another observation, and what was busy then', async () => {
  realised();
  const other = backstoreName(SESSION, '00000000-0000-4000-8000-000000000009');
  const timeout = (name: string) => `target/core/${HBA}/${name}/attrib/cmd_time_out`;
  files({ [`target/core/${HBA}/${other}/enable`]: '1\n', [timeout(other)]: '600\n' });
  const observed = await observer.observe([]);
  files({ [timeout(NAME)]: '30\n', [timeout(other)]: '30\n' });
  rmSync(join(root, 'sys/class/scsi_device/3:0:0:7'), { recursive: true });
  const timeouts = ({ backstores }: typeof observed) =>
    Object.fromEntries(backstores.map((each) => [each.name, each.busy ? 'busy' : each.attributes.cmd_time_out]));
  const unlink: Step = { kind: 'unlink', wwn: WWN, lun: 7, link: NAME, backstore: NAME };
  rmSync(join(root, `target/loopback/${WWN}/tpgt_0/lun/lun_7/${NAME}`));

  const nothing = await observer.observe([], { observed, steps: [] });
  expect(timeouts(nothing)).toEqual({ [NAME]: '600', [other]: '600' });
  expect(nothing.sessions).toMatchObject([{ luns: [{ lun: 7, present: false, link: { name: NAME } }] }]);

  const steps: Step[] = [unlink, { kind: 'setAttributes', backstore: other, attributes: {} }];
  const changed = await observer.observe([], { observed, steps });
  expect(timeouts(changed)).toEqual({ [NAME]: '600', [other]: '30' });
  expect(changed.sessions).toMatchObject([{ luns: [{ lun: 7, busy: false }] }]);
  expect(changed.sessions).not.toMatchObject([{ luns: [{ link: { name: NAME } }] }]);

  const busy = await observer.observe(open({ kind: 'enableBackstore', backstore: NAME }));
  const ended = await observer.observe([], { observed: busy, steps: [] });
  expect(timeouts(ended)).toEqual({ [NAME]: '30', [other]: '30' });

  rmSync(join(root, `target/core/${HBA}/${other}`), { recursive: true });
  expect(timeouts(await observer.observe([], { observed, steps: [] }))).toEqual({ [NAME]: '600' });
});

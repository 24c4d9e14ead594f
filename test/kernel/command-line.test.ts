// The `scst` command on a lone node of a real kernel: what it shows, applies, plans, exports and finds wrong.
import { join } from 'node:path';
import { ROOT } from '../env/stack/paths.js';
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';

jest.setTimeout(300_000);
const SCST = join(ROOT, 'bin/scst');
const PATH = diskPath('d');

describe('scst on a lone node', () => {
  let node: LoneNode;
  /** Standard output, errors and exit code of one call. */
  const scst = async (args: string) => {
    const { code, stdout, stderr } = await node.machine.run(`${SCST} ${args}`);
    return { code, stdout, stderr };
  };
  const done = async (args: string) => {
    const result = await scst(args);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    return result.stdout;
  };

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'uml' }, { 'd.yaml': disk('d') });
    await node.ready(PATH);
  });
  afterAll(() => node.stop());
  afterEach(async () => {
    expect(await node.ioErrors()).toBe('');
    await node.machine.assertCleanKernel();
  });

  it('shows what there is, says whose it is, and has the same for programs', async () => {
    const block = (await node.sh(`basename $(readlink ${PATH})`)).trim();
    expect(await done('tree')).toMatch(
      new RegExp(
        `^# node lone \\(/run/scst/agent\\.sock\\)\\nnode lone  Ready\\n└─ target d\\n   └─ session d  host\\d+  Ready\\n` +
          `      └─ LUN 0  d  ${PATH}  /dev/${block}  /dev/sg\\d+  \\d+:0:0:0  64Mi  Ready\\n$`,
      ),
    );
    expect(await done('get')).toMatch(
      /^# node lone[^]*ScstDevice +d +Ready\nScstLun +d +Ready\nScstSession +d +Ready\n/,
    );
    expect(await done('get devices d -o name')).toBe('scstdevice.scst.dev/d\n');
    expect(await done('lsscsi')).toMatch(new RegExp(`SCST_FIO +d +3110 +/dev/${block} `));
    const [device] = JSON.parse(await done('lsscsi -o json')) as Record<string, unknown>[];
    expect(device).toMatchObject({
      node: 'lone',
      target: 'd',
      session: 'd',
      lun: 0,
      block,
      path: PATH,
      state: 'Ready',
    });
    expect(await done('lsscsi')).toBe(await done('lsscsi'));
  });

  it('counts what went through a LUN, from a reset on if there was one', async () => {
    const stats = async () =>
      (JSON.parse(await done('stats -o json')) as { writes: number; writeKiB: number; reads: number }[])[0];
    await node.sh(`dd if=/dev/zero of=${PATH} bs=64k count=16 oflag=direct status=none`);
    expect((await stats())?.writeKiB).toBeGreaterThanOrEqual(1024);
    expect(await done('stats --reset')).toBe('the statistics of 1 LUNs count from now on\n');
    expect(await stats()).toMatchObject({ writes: 0, writeKiB: 0 });
    await node.sh(`dd if=/dev/zero of=${PATH} bs=64k count=2 oflag=direct status=none`);
    expect(await stats()).toMatchObject({ writes: 2, writeKiB: 128 });
    expect(await done('stats')).toMatch(/^# node lone[^]*\nall /);
  });

  it('tells before what a change would do, and who stands in its way', async () => {
    await node.machine.write('/root/d.yaml', disk('d', { size: '128Mi', sessions: ['d', 'e'] }));
    expect(await done('plan -f /root/d.yaml')).toMatch(
      /^# node lone[^]*node lone\n {2}\+ session d\/e: a SCSI host appears\n {2}~ device d: size 67108864 → 134217728, in use as well\n {2}\+ LUN 0 d of session d\/e: a SCSI device appears\n$/,
    );
    await node.sh(`mkfs.ext4 -q ${PATH} && mkdir -p /mnt/p && mount ${PATH} /mnt/p`);
    expect(await done('plan --delete -f /root/d.yaml')).toMatch(/- LUN 0 d of session d\/d: .*in use: .*\/mnt\/p/);
    await node.sh('umount /mnt/p');
    expect(await scst('plan -f /root/none.yaml')).toMatchObject({ code: 1, stdout: '' });
    expect(await done('get devices -o name')).toBe('scstdevice.scst.dev/d\n');
  });

  it('applies manifests and waits until they are real, and takes them away again', async () => {
    await node.machine.write('/root/two.yaml', disk('two'));
    expect(await scst('apply -f /root/two.yaml')).toMatchObject({
      code: 0,
      stdout: 'ScstDevice/two created\nScstTarget/two created\nScstSession/two created\nScstLun/two created\n',
    });
    await node.sh(`test -b ${diskPath('two')}`);
    await node.machine.write('/root/bad.yaml', disk('two', { size: '100' }));
    expect(await scst('apply -f /root/bad.yaml')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /bad\.yaml:\d+: spec\.vdiskFileio\.size: size must be a whole number of blocks/,
      ) as string,
    });
    expect(await scst('apply -f /root/d.yaml')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('stands in /etc/scst/manifests/d.yaml') as string,
    });
    expect((await scst('delete -f /root/two.yaml')).code).toBe(0);
    await node.sh(`! test -e ${diskPath('two')}`);
  });

  it('says what a device waits for when it isn’t there in time', async () => {
    const outside = disk('far').replace('/var/lib/scst/far.img', '/etc/far.img');
    await node.machine.write('/root/far.yaml', outside);
    const { code, stderr } = await scst('apply -f /root/far.yaml --timeout 5');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/waiting for Scst[^]*not ready after 5 s:[^]*PathNotAllowed/),
    ]);
    const doctor = await scst('doctor');
    expect(doctor).toMatchObject({ code: 1, stderr: '' });
    expect(doctor.stdout).toMatch(
      /ok {7}configfs is mounted[^]*error {4}ScstDevice far: PathNotAllowed[^]*→ .*--allow-path/,
    );
    expect((await scst('delete -f /root/far.yaml')).code).toBe(0);
    expect(await done('doctor')).toMatch(/ok {7}node lone: 1\/1 LUNs ready/);
  });

  it('cli-03: exports what is live, and an import of that is the same again', async () => {
    const first = await done('export');
    expect(first).toMatch(/HANDLER vdisk_fileio \{\n\tDEVICE d \{\n\t\tfilename \/var\/lib\/scst\/d\.img\n/);
    await done('export -f /root/scst.conf');
    await node.sh(`${SCST} import /root/scst.conf -o /root/imported --node-name lone 2> /root/said`);
    expect(await node.sh('cat /root/said')).toBe('');
    await node.withdraw('d.yaml');
    await node.nothingLeft();
    expect(await done('export')).toMatch(/^# Exported by scst export[^\n]*\n\n$/);
    await node.sh('cp /root/imported/scst.yaml /etc/scst/manifests/');
    await node.ready(PATH);
    await eventually(async () => expect(await done('export')).toBe(first));
  });
});

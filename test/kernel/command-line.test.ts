// The `scst` command on a lone node of a real kernel: what it shows, applies, plans, exports and finds wrong.
import { join } from 'node:path';
import { cacheFolder, shellQuote } from '../env/node/index.js';
import { ROOT } from '../env/stack/paths.js';
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { scsi } from './support/scsi.js';
import { disk, diskPath } from './support/manifests.js';

jest.setTimeout(300_000);
const SCST = join(ROOT, 'bin/scst');
const PATH = diskPath('d');

/** Debian's bash-completion, as `make setup-conformance` fetches it. */
const BASH_COMPLETION = join(cacheFolder(), 'terminal/root/usr/share/bash-completion/bash_completion');

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

  const failed = async (args: string) => {
    const { code, stderr } = await scst(args);
    return { code, text: stderr };
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
      (
        JSON.parse(await done('stats -o json')) as {
          writes: number;
          writeKiB: number;
          reads: number;
          withoutData: number;
        }[]
      )[0];
    await node.sh(`dd if=/dev/zero of=${PATH} bs=64k count=16 oflag=direct status=none`);
    expect((await stats())?.writeKiB).toBeGreaterThanOrEqual(1024);
    expect(await done('stats --reset')).toBe('the statistics of 1 LUNs count from now on\n');
    expect(await stats()).toMatchObject({ writes: 0, writeKiB: 0 });
    await node.sh(`dd if=/dev/zero of=${PATH} bs=64k count=2 oflag=direct status=none`);
    expect(await stats()).toMatchObject({ writes: 2, writeKiB: 128 });
    // By the direction of the data, as SCST counts; unaligned is what doesn't begin and end at 4096 bytes.
    await node.sh(`dd if=/dev/zero of=${PATH} oflag=direct bs=512 count=3 seek=1 status=none`);
    await scsi(node.machine, PATH, '00 00 00 00 00 00');
    expect(await stats()).toMatchObject({ writes: 5, unalignedWrites: 3, unalignedReads: 0 });
    expect((await stats())?.withoutData).toBeGreaterThanOrEqual(1);
    expect(await done('stats -o wide')).toMatch(/UNALIGNED WRITES[^]*\nall .* 3 *\n/);
    expect(await done('stats')).toMatch(/^# node lone[^]*\nall /);
  });

  it('takes the medium out of a removable disk and puts it back, unless an initiator prevents it', async () => {
    await node.apply('r.yaml', disk('r', { properties: { removable: true } }));
    await node.ready(diskPath('r'));
    const ready = () => scsi(node.machine, diskPath('r'), '00 00 00 00 00 00');
    await eventually(async () => expect(await ready()).toEqual({ status: 'GOOD' }));
    // Whoever opens the disk itself prevents the removal too, and lets go of it with that (sd_open), as udev does.
    await node.sh('udevadm settle && udevadm control --stop-exec-queue');
    await scsi(node.machine, diskPath('r'), '1e 00 00 00 01 00');
    expect((await failed('eject r')).text).toMatch(/an initiator that uses r prevents it/);
    await scsi(node.machine, diskPath('r'), '1e 00 00 00 00 00');
    expect(await done('eject r')).toBe('r: its medium is out\n');
    expect(await ready()).toEqual({ status: 'CHECK CONDITION', sense: '02/3a/00' });
    expect(await done('insert r')).toBe('r: its medium is in place\n');
    expect(await ready()).toEqual({ status: 'CHECK CONDITION', sense: '06/28/00' });
    expect(await ready()).toEqual({ status: 'GOOD' });
    await node.sh('udevadm control --start-exec-queue');
    expect((await failed('eject d')).text).toMatch(/the medium of d is not removable/);
    expect((await failed('eject nothing')).text).toMatch(/there is no device nothing/);
    await node.withdraw('r.yaml');
  });

  it('holds a disk still for a snapshot of its file, whoever is restarted meanwhile, and says if it could not', async () => {
    const pattern = (octal: string) => `tr "\\0" "\\${octal}" < /dev/zero | head -c 1M > /tmp/${octal}`;
    await node.sh(`${pattern('101')}; ${pattern('102')}; dd if=/tmp/101 of=${PATH} bs=64k oflag=direct status=none`);
    await node.sh('udevadm settle');
    expect(await done('block d')).toBe('d: its commands wait until scst unblock\n');
    const writer = await node.machine.spawn(`exec dd if=/tmp/102 of=${PATH} bs=64k oflag=direct status=none`);
    await eventually(async () =>
      expect(await node.entry('ScstDevice', 'd')).toMatchObject({ state: 'Failed', reason: 'Blocked' }),
    );
    await node.replaceEngine(1);
    await node.sh('head -c 1M /var/lib/scst/d.img > /root/snapshot');
    expect((await scst('doctor')).stdout).toMatch(/error {4}ScstDevice d: Blocked[^]*scst unblock/);
    expect(await done('unblock d')).toBe('d: its commands run\n');
    expect(await writer.exited).toBe(0);
    await node.sh('cmp /root/snapshot /tmp/101 && cmp -n 1048576 /var/lib/scst/d.img /tmp/102 && rm /root/snapshot');
    expect((await failed('unblock d')).text).toMatch(/d is not blocked: it never was, or a reboot has ended it/);
    await node.ready(PATH);
  });

  it('gives a snapshot of a mounted and frozen file system that needs no replay of its journal', async () => {
    await node.sh(`mkfs.ext4 -q ${PATH} && mkdir -p /mnt/p && mount ${PATH} /mnt/p && cp /tmp/101 /mnt/p/file`);
    await node.sh('fsfreeze --freeze /mnt/p');
    await done('block d');
    await node.sh('cp --sparse=always /var/lib/scst/d.img /root/snapshot');
    await done('unblock d');
    await node.sh('fsfreeze --unfreeze /mnt/p && umount /mnt/p');
    expect(await node.sh('dumpe2fs -h /root/snapshot 2> /dev/null | grep features')).not.toContain('needs_recovery');
    await node.sh(
      'modprobe loop && fsck.ext4 -fn /root/snapshot && mount -o ro,loop /root/snapshot /mnt/p && cmp /mnt/p/file /tmp/101',
    );
    await node.sh('umount /mnt/p && rm /root/snapshot');
    await node.ready(PATH);
  });

  it('tells the initiators of a thin disk that its space runs low', async () => {
    await node.apply('t.yaml', disk('t', { properties: { thinProvisioned: true } }));
    await node.ready(diskPath('t'));
    await node.sh('udevadm settle; dmesg --clear');
    expect(await done('low-space t')).toBe('t: its initiators are told that its space runs low\n');
    await node.sh(`dd if=${diskPath('t')} of=/dev/null bs=4k count=1 iflag=direct status=none`);
    expect(await node.sh('dmesg')).toMatch(/LUN reached a thin provisioning soft threshold/);
    expect((await failed('low-space d')).text).toMatch(/d is not thin/);
    await node.withdraw('t.yaml');
    await eventually(() => node.sh(`! test -e ${diskPath('t')}`));
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

  it('conf-04: a smaller scst.conf takes the rest away wholly, and the same again changes nothing', async () => {
    await node.sh('truncate -s 1M /var/lib/scst/p1.img /var/lib/scst/p2.img');
    const conf = (names: string[]) =>
      [
        'HANDLER vdisk_fileio {',
        ...names.map((name) => `\tDEVICE ${name} {\n\t\tfilename /var/lib/scst/${name}.img\n\t}`),
        '}\nTARGET_DRIVER scst_local {',
        ...names.map((name) => `\tTARGET ${name} {\n\t\tsession_name ${name}\n\t\tLUN 0 ${name}\n\t}`),
        '}\n',
      ].join('\n');
    const applied = async (...names: string[]) => {
      await node.machine.write('/root/pruned.conf', conf(names));
      return node.sh(`${SCST} import /root/pruned.conf --node-name lone | ${SCST} apply --prune -f -`);
    };
    await applied('p1', 'p2');
    await node.sh(`test -b ${diskPath('p1')} && test -b ${diskPath('p2')}`);
    const smaller = (await applied('p1')).trim().split('\n');
    expect(smaller.filter((line) => line.endsWith(' unchanged'))).toHaveLength(4);
    expect(smaller.filter((line) => line.endsWith(' pruned'))).toHaveLength(4);
    expect(smaller).toHaveLength(8);
    await node.sh(`test -b ${diskPath('p1')} && ! test -e /dev/scst/p2 && test -b ${PATH}`);
    const files = () => node.sh('ls -li --time-style=full-iso /etc/scst/manifests');
    const before = await files();
    expect(
      (await applied('p1'))
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[1]),
    ).toEqual(Array(4).fill('unchanged'));
    expect(await files()).toBe(before);
    await node.sh(`${SCST} import /root/pruned.conf --node-name lone | ${SCST} delete -f -`);
  });

  it('in a terminal completes what is typed, has colours, and tells what it waits for', async () => {
    const tmux = (...args: string[]) => node.sh(`TERM=xterm-256color tmux -L scst ${args.map(shellQuote).join(' ')}`);
    const shows = (pattern: RegExp) =>
      eventually(async () => expect(await tmux('capture-pane', '-p', '-e')).toMatch(pattern), 60_000);
    await tmux('-f', '/dev/null', 'new-session', '-d', '-x', '150', '-y', '50', 'bash --norc --noprofile');
    await tmux(
      'send-keys',
      `PATH=${ROOT}/bin:$PATH; PS1=prompt-; . ${BASH_COMPLETION}; scst complete bash > /root/completion; . /root/completion; clear`,
      'Enter',
    );
    // What is typed before the shell reads it isn’t completed.
    await shows(/^prompt-\s*$/);
    await tmux('send-keys', 'scst tr', 'Tab');
    await shows(/scst tree\s/);
    await tmux('send-keys', 'Enter');
    await shows(/LUN 0 {2}d {2}.*\u001b\[32mReady/);
    await node.machine.write('/root/late.yaml', disk('late', { filename: '/etc/late.img' }));
    await tmux('send-keys', 'clear; scst apply -f /root/late.yaml --timeout 8', 'Enter');
    await shows(/ScstDevice\/late created[^]*\nwaiting for Scst/);
    await shows(/not ready after 8 s:[^]*PathNotAllowed/);
    await tmux('kill-server');
    expect((await scst('delete -f /root/late.yaml')).code).toBe(0);
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

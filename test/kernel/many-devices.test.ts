// Many devices at a time: made in one go, with others at work in configfs, and taken away under somebody's look-ups.
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath, object } from './support/manifests.js';
import { nobodyStuck } from './support/uninterruptible.js';

jest.setTimeout(600_000);
const DEVICES = 64;
const ROUNDS = 4;
/** Milliseconds for all devices on an emulated CPU of a busy machine: each is a disk that udev looks at. */
const ALL_MS = 300_000;
const CORE = '/sys/kernel/config/target/core';
const names = Array.from({ length: DEVICES }, (_, at) => `disk${at}`);
/** One target, one session, a LUN per device. */
const manifest = [
  object('ScstTarget', 'many', '{nodeSelector: {matchLabels: {scst.dev/test: ""}}}'),
  object('ScstSession', 'many', '{target: many}'),
  ...names.flatMap((name, lun) => [
    object('ScstDevice', name, `{vdiskFileio: {filename: /var/lib/scst/${name}.img, size: 1Mi}}`),
    object('ScstLun', name, `{target: many, lun: ${lun}, device: ${name}}`),
  ]),
].join('---\n');

describe('many devices', () => {
  let node: LoneNode;

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'uml' }, { 'one.yaml': disk('one') });
    await node.ready(diskPath('one'));
  });
  afterAll(() => node.stop());
  afterEach(async () => {
    expect(await node.ioErrors()).toBe('');
    await node.machine.assertCleanKernel();
  });

  it('life-01, life-05: are all made at once while others make and remove backstores, and nothing of theirs is touched', async () => {
    await node.sh(
      `modprobe target_core_file; mkdir -p ${CORE}/rd_mcp_7/theirs && echo rd_pages=16 > ${CORE}/rd_mcp_7/theirs/control`,
    );
    const others = await node.machine.spawn(
      `n=0; while mkdir -p ${CORE}/fileio_$((n % 40))/theirs && rmdir ${CORE}/fileio_$((n % 40))/theirs ${CORE}/fileio_$((n % 40)); ` +
        'do n=$((n + 1)); [ -e /tmp/enough ] && exit 0; done; exit 1',
    );
    await node.apply('many.yaml', manifest);
    await eventually(() => node.ready(...names.map((_, lun) => `/dev/scst/many/many/lun${lun}`)), ALL_MS);
    expect(await node.sh('lsscsi | grep -c SCST_FIO')).toBe(`${DEVICES + 1}\n`);
    await nobodyStuck(node);
    // Before udev and all else while they were made; the agent only for as long.
    expect(await node.sh("ps -o ni= -C scst-step | sort -u | tr -d ' '")).toBe('-14\n');
    await eventually(async () =>
      expect(await node.sh('ps -o ni= -p $(pgrep -f agent/main.j[s] | head -n 1) | tr -d " "')).toBe('0\n'),
    );
    await node.sh('touch /tmp/enough');
    expect(await others.exited).toBe(0);
    await node.sh(`test -d ${CORE}/rd_mcp_7/theirs`);
  });

  it('are all taken away again, and the backing files stay', async () => {
    await node.withdraw('many.yaml');
    await eventually(async () => expect(await node.sh('lsscsi | grep -c SCST_FIO')).toBe('1\n'), ALL_MS);
    await node.ready(diskPath('one'));
    await eventually(async () => expect(await node.sh(`ls ${CORE}/user_21332 | grep -c scst-`)).toBe('1\n'), 60_000);
    expect(await node.sh('ls /var/lib/scst/disk*.img | wc -l')).toBe(`${DEVICES}\n`);
    await node.sh(`rmdir ${CORE}/rd_mcp_7/theirs ${CORE}/rd_mcp_7`);
  });

  it('life-04: come and go while others look into configfs and at every disk, and nobody gets stuck', async () => {
    const looker = await node.machine.spawn(
      'while [ ! -e /tmp/over ]; do find /sys/kernel/config/target > /dev/null 2>&1; blkid > /dev/null 2>&1; udevadm settle -t 5; done; exit 0',
    );
    for (let round = 0; round < ROUNDS; round += 1) {
      await node.apply('two.yaml', disk('two', { size: '1Mi' }));
      await eventually(() => node.sh(`test -b ${diskPath('two')}`), 60_000);
      await node.withdraw('two.yaml');
      await eventually(async () => expect(await node.sh('lsscsi | grep -c SCST_FIO')).toBe('1\n'), 60_000);
    }
    await node.sh('touch /tmp/over');
    expect(await looker.exited).toBe(0);
    await nobodyStuck(node);
    await node.ready(diskPath('one'));
  });
});

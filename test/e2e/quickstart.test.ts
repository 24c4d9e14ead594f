// kubectl apply of the quickstart: a real SCSI disk on a node of a real cluster, used, and taken away in any order.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NAMESPACE } from '../env/stack/cluster.js';
import { eventually } from '../env/stack/eventually.js';
import { remains } from '../env/stack/node-processes.js';
import { EXAMPLES, ROOT } from '../env/stack/paths.js';
import { Initiator, startTargetDriver } from '../env/stack/target-driver.js';
import { disk, diskPath } from '../kernel/support/manifests.js';
import { Stack } from './stack.js';

jest.setTimeout(240_000);
const NODE = 'worker-1';
const QUICKSTART = join(EXAMPLES, 'quickstart.yaml');
const PATH = '/dev/scst/scst-local-tgt/scst-local-host/lun0';
const SCST = join(ROOT, 'bin/scst');
const ALL = ['scstdevice/vm-disk1', 'scsttarget/scst-local-tgt', 'scstsession/scst-local-host', 'scstlun/vm-disk1'];

/** What the command says of a cluster. */
async function scst(kubeconfig: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(SCST, ['--kubeconfig', kubeconfig, ...args]);
  expect(stderr).toBe('');
  return stdout;
}

describe('the quickstart', () => {
  let stack: Stack;
  const node = () => stack.machine(NODE);
  const kubectl = (...args: string[]) => stack.cluster.kubectl(...args);
  const apply = async (manifest: string) => expect(await stack.cluster.apply(manifest)).toMatchObject({ code: 0 });
  const nothingLeft = () => eventually(async () => expect(await remains(node())).toBe(''));

  beforeAll(async () => (stack = await Stack.start(NODE)));
  afterAll(async () => stack.stop());
  afterEach(() => node().assertCleanKernel());

  it('gives every node that gets the label a SCSI disk, which kubectl waits for and shows', async () => {
    await kubectl('apply', '-f', QUICKSTART);
    await eventually(async () => expect(await kubectl('get', 'scstlun', 'vm-disk1')).toMatch(/0\/0/));
    await nothingLeft();
    await kubectl('label', 'node', NODE, 'scst.dev/demo=');
    await stack.ready('scstlun/vm-disk1');
    const table = await kubectl('get', 'scst');
    expect(table).toMatch(
      /scstlun\S+vm-disk1\s+vm-disk1\s+0\s+scst-local-tgt\s+1\/1\s+\/dev\/scst\/scst-local-tgt\/scst-local-host\/lun0\s+True/,
    );
    expect(table).toMatch(/scstdevice\S+vm-disk1\s+vdiskFileio\s+1Gi\s+1\/1\s+True/);
    expect(await kubectl('get', 'scstnode', NODE)).toMatch(/1\/1\s+\d+\s+True/);
    expect(await node().sh('lsscsi -g')).toMatch(/disk\s+SCST_FIO vm-disk1\s+3110\s+\/dev\/sda\s+\/dev\/sg0/);
    expect(await node().sh(`readlink -f ${PATH} ${PATH}.sg`)).toBe('/dev/sda\n/dev/sg0\n');
    const [sample] = JSON.parse(
      await kubectl('get', 'scstlun', 'vm-disk1', '-o', 'jsonpath={.status.samples}'),
    ) as object[];
    expect(sample).toMatchObject({ path: PATH, block: 'sda', sg: 'sg0', hctl: '0:0:0:0' });
  });

  it('is what scst shows, plans and exports, of the cluster and on the node', async () => {
    const cluster = (...args: string[]) => scst(stack.cluster.kubeconfig, ...args);
    expect(await cluster('tree')).toMatch(
      /^# cluster https:[^\n]*\nnode worker-1  Ready\n└─ target scst-local-tgt\n   └─ session scst-local-host  host\d+  Ready\n      └─ LUN 0  vm-disk1  \/dev\/scst\//,
    );
    expect(await cluster('get', 'slun')).toMatch(/ScstLun +vm-disk1 +Ready/);
    expect(await cluster('plan', '-f', QUICKSTART)).toMatch(/^# cluster [^\n]*\nnothing would change\n$/);
    expect(await cluster('plan', '--delete', '-f', QUICKSTART)).toMatch(/node worker-1\n  - LUN 0 vm-disk1 of session/);
    const exported = await cluster('export');
    expect(exported).toMatch(/TARGET scst-local-tgt \{\n\t\tsession_name scst-local-host\n/);
    expect(await node().sh(`${SCST} tree`)).toMatch(
      /^# node worker-1 \(\/run\/scst\/agent\.sock\)\nnode worker-1  Ready\n/,
    );
    for (const command of [`apply -f ${QUICKSTART}`, 'get', 'export']) {
      const refused = await node().run(`${SCST} ${command}`);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('belongs to a cluster')]);
    }
  });

  it('gives the example of a target driver sessions for its initiators', async () => {
    const { kubeconfig } = await stack.cluster.guestUser('target-driver', 'scst-operator-user');
    await node().write('/root/driver.kubeconfig', readFileSync(kubeconfig));
    const driver = await startTargetDriver(
      node(),
      `--target scst-local-tgt --node ${NODE} --kubeconfig /root/driver.kubeconfig`,
    );
    const initiator = await Initiator.start(node(), 'one');
    expect(await initiator.say('LOGIN iscsi:iqn.2026-11.dev.scst:one')).toBe('OK 0');
    expect(await node().sh('lsscsi | grep -c SCST_FIO')).toBe('2\n');
    expect(await initiator.say('0 36 12 00 00 00 24 00')).toMatch(/^GOOD 0000/);
    expect(await initiator.say('LOGOUT')).toBe('OK');
    expect(await node().sh('lsscsi | grep -c SCST_FIO')).toBe('1\n');
    expect(await kubectl('get', 'scstsessions', '-o', 'name')).toBe('scstsession.scst.dev/scst-local-host\n');
    driver.kill('SIGTERM');
    await driver.exited;
  });

  it('operator-06: the agent’s Lease belongs to the Node, and goes with it', async () => {
    const lease = JSON.parse(await kubectl('get', 'lease', NODE, '-n', NAMESPACE, '-o', 'json')) as {
      metadata: { ownerReferences: object[] };
    };
    const uid = await kubectl('get', 'node', NODE, '-o', 'jsonpath={.metadata.uid}');
    expect(lease.metadata.ownerReferences).toEqual([{ apiVersion: 'v1', kind: 'Node', name: NODE, uid }]);
  });

  it('keeps a file system', async () => {
    await node().sh(`mkfs.ext4 -q ${PATH} && mkdir -p /mnt/q && mount ${PATH} /mnt/q`);
    const written = await node().sh('dd if=/dev/urandom of=/mnt/q/f bs=1M count=50 status=none; sha256sum /mnt/q/f');
    await node().sh(`umount /mnt/q && echo 3 > /proc/sys/vm/drop_caches && mount ${PATH} /mnt/q`);
    expect(await node().sh('sha256sum /mnt/q/f')).toBe(written);
  });

  it('waits with the deletion while it is mounted, says where and by whom, and goes on afterwards', async () => {
    await kubectl('delete', '-f', QUICKSTART, '--wait=false');
    await eventually(async () => {
      const { reason, message } = await stack.condition('scstlun/vm-disk1');
      expect(reason).toBe('Terminating');
      expect(message).toContain(NODE);
      expect(message).toContain(PATH);
      expect(message).toContain('mounted at /mnt/q');
    });
    expect(await node().sh('sha256sum /mnt/q/f')).toContain('/mnt/q/f');
    await node().sh('umount /mnt/q');
    await kubectl('wait', '--for=delete', '--timeout=60s', ...ALL);
    await nothingLeft();
    expect(await node().sh('stat -c %s /var/lib/scst/vm_disk1.img')).toBe('1073741824\n');
  });

  it.each([
    ['device, target, session, LUN', [0, 1, 2, 3]],
    ['target first', [1, 3, 0, 2]],
    ['LUN, session, target, device', [3, 2, 1, 0]],
    ['session, device, LUN, target', [2, 0, 3, 1]],
  ])('is taken away when the objects are deleted one by one: %s', async (_name, order) => {
    await kubectl('apply', '-f', QUICKSTART);
    await stack.ready('scstlun/vm-disk1');
    for (const index of order) await kubectl('delete', ALL[index] ?? '', '--timeout=60s');
    await nothingLeft();
    expect((await kubectl('get', 'scst', '--no-headers')).trim()).toBe('');
    expect((await node().run('test -f /var/lib/scst/vm_disk1.img')).code).toBe(0);
  });

  it('serves a disk by LIO where the device says so, and refuses what LIO can’t do', async () => {
    const ofKernel = (properties = {}) =>
      disk('quick', { properties }).replace('{vdiskFileio', '{engine: kernel, vdiskFileio');
    await apply(ofKernel());
    await stack.ready('scstlun/quick');
    expect(await node().sh('ls /sys/kernel/config/target/core/')).toContain('fileio_21332');
    await apply(ofKernel({ readOnly: true }));
    await eventually(async () =>
      expect(await stack.condition('scstdevice/quick')).toMatchObject({
        status: 'False',
        reason: 'AttributeNotSupported',
        message: expect.stringContaining('readOnly') as string,
      }),
    );
    await node().sh(`dd if=/dev/zero of=${diskPath('quick')} oflag=direct bs=4k count=1 status=none`);
    await kubectl(
      'delete',
      'scstlun/quick',
      'scstdevice/quick',
      'scstsession/quick',
      'scsttarget/quick',
      '--timeout=60s',
    );
    await nothingLeft();
  });

  it.each(['tcmu', 'kernel'])(
    'deletes the backing file where the device says so, once nothing uses it (%s)',
    async (engine) => {
      await apply(disk('gone').replace('{vdiskFileio', `{reclaimPolicy: Delete, engine: ${engine}, vdiskFileio`));
      await stack.ready('scstlun/gone');
      await node().sh('test -f /var/lib/scst/gone.img');
      await kubectl(
        'delete',
        'scstlun/gone',
        'scstdevice/gone',
        'scstsession/gone',
        'scsttarget/gone',
        '--timeout=60s',
      );
      expect((await node().run('test -e /var/lib/scst/gone.img')).code).toBe(1);
      await nothingLeft();
    },
  );

  it('shows one logical unit through two sessions, and takes one away without touching the other', async () => {
    await apply(disk('pair', { sessions: ['pair', 'second'] }));
    await stack.ready('scstlun/pair');
    await eventually(() => node().sh(`test -b ${diskPath('pair', 'second')}`));
    const [a, b] = [diskPath('pair'), diskPath('pair', 'second')];
    await node().sh(
      `dd if=/dev/urandom of=/tmp/data bs=64k count=4 status=none && dd if=/tmp/data of=${a} oflag=direct bs=64k status=none`,
    );
    await node().sh(`dd if=${b} iflag=direct bs=64k count=4 status=none | cmp - /tmp/data`);
    const io = await node().spawn(
      `fio --name=a --filename=${a} --rw=randrw --bs=4k --size=32M --direct=1 --ioengine=libaio --iodepth=8 --time_based --runtime=6 --verify=crc32c`,
    );
    await kubectl('delete', 'scstsession/second', '--timeout=60s');
    expect((await node().run(`test -e ${b}`)).code).toBe(1);
    expect(await io.exited).toBe(0);
    expect(io.output()).toMatch(/err= 0/);
    await kubectl('delete', 'scstlun/pair', 'scstsession/pair', 'scsttarget/pair', 'scstdevice/pair', '--timeout=60s');
    await nothingLeft();
  });
});

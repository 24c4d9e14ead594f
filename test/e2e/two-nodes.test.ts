// One target on two nodes: what each of them has of a device, by its sharing, and a session that is on one of them only.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../env/stack/eventually.js';
import { disk, diskPath } from '../kernel/support/manifests.js';
import { Stack } from './stack.js';

jest.setTimeout(240_000);
const NODES = ['worker-1', 'worker-2'] as const;
const PATH = diskPath('d');

describe('a target on two nodes', () => {
  let stack: Stack;
  const kubectl = (...args: string[]) => stack.cluster.kubectl(...args);
  const apply = async (manifest: string) => expect(await stack.cluster.apply(manifest)).toMatchObject({ code: 0 });
  const on = (node: string, command: string) => stack.machine(node).sh(command);
  /** The designators of the disk. */
  const identity = (node: string) => on(node, `sg_vpd -q -p di_lu ${PATH}.sg; sg_vpd -q -p sn ${PATH}.sg`);
  const disks = (node: string) => on(node, 'lsscsi | grep -c SCST_FIO || true');

  const directory = mkdtempSync(join(tmpdir(), 'scst-shared-'));
  beforeAll(async () => {
    const shared = join(directory, 'shared.img');
    writeFileSync(shared, new Uint8Array(8 * 2 ** 20));
    stack = await Stack.startWith(shared, ...NODES);
  });
  afterAll(async () => {
    await stack?.stop();
    rmSync(directory, { recursive: true });
  });
  afterEach(async () => {
    await kubectl('delete', 'scst', '--all', '--wait=true', '--timeout=60s');
    for (const node of NODES) {
      await eventually(async () => expect(await disks(node)).toBe('0\n'));
      await stack.machine(node).assertCleanKernel();
    }
  });

  it('PerNode: gives each a device of its own, with its own identity and its own data', async () => {
    await apply(disk('d'));
    await stack.ready('scstlun/d');
    expect(await kubectl('get', 'scstlun', 'd')).toMatch(/2\/2/);
    const [one, two] = await Promise.all(NODES.map(identity));
    expect(one).not.toBe(two);
    await on('worker-1', `echo one | dd of=${PATH} bs=512 count=1 conv=sync oflag=direct status=none`);
    expect(await on('worker-2', `head -c 3 ${PATH} | tr -d '\\0'`)).toBe('');
    expect(await on('worker-1', `head -c 3 ${PATH}`)).toBe('one');
  });

  it('Exclusive: gives it to one of them, and says at the device why the other hasn’t got it', async () => {
    await apply(disk('d').replace('{vdiskFileio:', '{sharing: Exclusive, vdiskFileio:'));
    await eventually(async () => expect((await Promise.all(NODES.map(disks))).sort()).toEqual(['0\n', '1\n']));
    await eventually(async () =>
      expect(await stack.condition('scstdevice/d')).toMatchObject({
        reason: 'ExclusivePlacement',
        message: expect.stringMatching(/sharing is Exclusive, and node worker-\d has it/) as string,
      }),
    );
  });

  it('Shared: gives both the same disk, whose commands hold for both or are refused', async () => {
    await apply(
      disk('d').replace(
        /\{vdiskFileio: [^\n]*\}\n/,
        '{sharing: Shared, engine: tcmu, vdiskBlockio: {filename: /dev/ubdb}}\n',
      ),
    );
    await stack.ready('scstlun/d');
    const [one, two] = await Promise.all(NODES.map(identity));
    expect(one).toBe(two);
    for (const [writer, reader] of [NODES, [...NODES].reverse()]) {
      await on(writer ?? '', `echo ${writer} | dd of=${PATH} bs=4096 count=1 conv=sync oflag=direct status=none`);
      expect(await on(reader ?? '', `dd if=${PATH} bs=4096 count=1 iflag=direct status=none | head -n 1`)).toBe(
        `${writer}\n`,
      );
    }
    // Nothing stays in one node's cache, and a reservation that only one node would know of is none.
    for (const command of ['sg_persist --in --read-keys', 'sg_persist --out --register --param-sark=1'])
      expect((await stack.machine('worker-2').run(`${command} ${PATH}.sg 2>&1`)).stdout).toMatch(
        /not supported|Illegal request/i,
      );
    expect(await on('worker-2', `cat /sys/block/$(basename $(readlink -f ${PATH}))/queue/write_cache`)).toBe(
      'write through\n',
    );
  });

  it('has a session with nodeName on that node only', async () => {
    await apply(disk('d').replace('spec: {target: d}', 'spec: {target: d, nodeName: worker-2}'));
    await stack.ready('scstlun/d');
    expect(await Promise.all(NODES.map(disks))).toEqual(['0\n', '1\n']);
    expect(await kubectl('get', 'scstsession', 'd')).toMatch(/1\/1/);
  });
});

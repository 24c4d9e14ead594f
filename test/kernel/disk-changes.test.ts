// What changes of a disk while it is in use: size, write protection, active; and what the kernel makes of it.
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';

jest.setTimeout(240_000);
const A = diskPath('d', 'a');
const B = diskPath('d', 'b');
const MIB = 2 ** 20;
const FILE = '/var/lib/scst/d.img';
/** The limit. */
const SEEN_MS = 10_000;

/** The device d through target d and, by a LUN of its own, through target ro. */
function manifest(size: string, { active = true, readOnly = false } = {}): string {
  const second = [
    ['ScstTarget', 'ro', '{nodeSelector: {matchLabels: {scst.dev/test: ""}}}'],
    ['ScstSession', 'c', '{target: ro}'],
    ['ScstLun', 'ro', `{target: ro, lun: 0, device: d, readOnly: ${readOnly}}`],
  ].map(
    ([kind, name, spec]) => `apiVersion: scst.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`,
  );
  return [disk('d', { sessions: ['a', 'b'], size, properties: { active } }), ...second].join('---\n');
}

describe('a disk in use', () => {
  let node: LoneNode;
  const C = diskPath('ro', 'c');
  const bytes = async (path: string) => Number(await node.sh(`blockdev --getsize64 ${path}`));

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'uml' }, { 'd.yaml': manifest('64Mi') });
    await node.ready(A, B, C);
    await node.sh(`mkfs.ext4 -q ${A} && mkdir -p /mnt/d && mount ${A} /mnt/d && echo kept > /mnt/d/file`);
  });
  afterAll(() => node.stop());
  afterEach(() => node.machine.assertCleanKernel());

  it('disk-05: grows under a mounted file system, and every session sees it without a rescan by hand', async () => {
    const before = await node.sh(`readlink ${A} ${B}`);
    await node.apply('d.yaml', manifest('128Mi'));
    await eventually(
      async () => expect(await Promise.all([A, B, C].map(bytes))).toEqual(Array(3).fill(128 * MIB)),
      SEEN_MS,
    );
    await node.ready(A, B, C);
    expect(await node.entry('ScstDevice', 'd')).toMatchObject({ state: 'Ready', size: 128 * MIB });
    expect(await node.sh(`readlink ${A} ${B}`)).toBe(before);
    await node.sh(`resize2fs ${A} 2>&1`);
    expect(Number(await node.sh('df -B1 --output=size /mnt/d | tail -1'))).toBeGreaterThan(100 * MIB);
    expect(await node.sh('cat /mnt/d/file')).toBe('kept\n');
  });

  it('without a size of its own grows with its file', async () => {
    await node.sh('truncate -s 16M /var/lib/scst/own.img');
    await node.apply('own.yaml', disk('own', { size: '' }));
    const path = diskPath('own');
    await node.ready(path);
    expect(await bytes(path)).toBe(16 * MIB);
    await node.sh('truncate -s 32M /var/lib/scst/own.img');
    await eventually(async () => expect(await bytes(path)).toBe(32 * MIB), SEEN_MS);
    await eventually(async () => expect(await node.entry('ScstDevice', 'own')).toMatchObject({ size: 32 * MIB }));
    await node.withdraw('own.yaml');
    await eventually(() => node.sh(`! test -e ${path}`));
  });

  it('disk-10: is read-only through one LUN and writable through others, as the LUN says at the moment', async () => {
    const readOnly = async () => (await node.sh(`blockdev --getro ${C} ${A}`)).split('\n').slice(0, 2);
    expect(await readOnly()).toEqual(['0', '0']);
    await node.apply('d.yaml', manifest('128Mi', { readOnly: true }));
    await eventually(async () => expect(await readOnly()).toEqual(['1', '0']), SEEN_MS);
    expect(await node.sh(`sg_modes -p 8 ${C}.sg | grep -o 'WP=.'`)).toBe('WP=1\n');
    const written = await node.machine.run(`sg_dd if=/dev/zero of=${C}.sg bs=512 count=1 2>&1`);
    expect([written.code === 0, written.stdout]).toEqual([
      false,
      expect.stringMatching(/Data protect|Write protected/i),
    ]);
    await node.sh(`sg_sync ${C}.sg`);
    await node.sh('echo more > /mnt/d/more && sync /mnt/d/more');
    await node.apply('d.yaml', manifest('128Mi'));
    await eventually(async () => expect(await readOnly()).toEqual(['0', '0']), SEEN_MS);
  });

  it('disk-17: lets its file go when it is made inactive, and takes it again', async () => {
    await node.sh('umount /mnt/d');
    await node.apply('d.yaml', manifest('128Mi', { active: false }));
    await eventually(async () => expect((await node.machine.run(`fuser ${FILE}`)).code).toBe(1), SEEN_MS);
    await eventually(async () =>
      expect(await node.entry('ScstDevice', 'd')).toMatchObject({ state: 'Failed', reason: 'Inactive' }),
    );
    const read = await node.machine.run(`sg_turs -v ${A}.sg 2>&1`);
    expect([read.code, read.stdout]).toEqual([2, expect.stringMatching(/not ready/i)]);
    // The next engine serves an inactive disk as well.
    await node.replaceEngine(3);
    expect((await node.machine.run(`sg_turs ${A}.sg`)).code).toBe(2);
    await node.apply('d.yaml', manifest('128Mi'));
    await node.ready(A, B, C);
    await node.sh(`mount ${A} /mnt/d`);
    expect(await node.sh('cat /mnt/d/file')).toBe('kept\n');
  });
});

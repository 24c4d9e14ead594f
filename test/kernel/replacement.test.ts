// Another ScstDevice behind a LUN: the SCSI device stays, and gets the other's data, size and identity.
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { diskPath, object } from './support/manifests.js';
import { scsi } from './support/scsi.js';

jest.setTimeout(600_000);
/** On a busy machine a sync of the data disk takes its time. */
const CONVERGENCE_MS = 150_000;
const PATH = diskPath('lun');
const MIB = 2 ** 20;

const deviceOf = (name: string, size: string, options = '') =>
  object('ScstDevice', name, `{vdiskFileio: {filename: /var/lib/scst/${name}.img, size: ${size}}${options}}`);
const DEVICES = [
  deviceOf('a', '64Mi'),
  deviceOf('b', '96Mi'),
  deviceOf('c', '64Mi'),
  deviceOf('k', '32Mi', ', engine: kernel'),
];
const PLACE = [
  object('ScstTarget', 'lun', '{nodeSelector: {matchLabels: {scst.dev/test: ""}}}'),
  object('ScstSession', 'lun', '{target: lun}'),
];

let node: LoneNode;
const lun = (device: string, replacement = '') =>
  node.apply(
    'lun.yaml',
    object(
      'ScstLun',
      'lun',
      `{target: lun, lun: 0, device: ${device}${replacement && `, replacement: ${replacement}`}}`,
    ),
  );
const SAME = '{sameData: true}';
const block = () => node.sh(`basename $(readlink -f ${PATH})`).then((name) => name.trim());
/** A number that is the SCSI device's own: another for one that was made anew. */
const age = () => node.sh(`stat -c %i /sys/block/$(basename $(readlink -f ${PATH}))`);
const bytes = () => node.sh(`blockdev --getsize64 ${PATH}`).then(Number);
/** Resolves when the disk answers as that device. */
const served = (name: string) =>
  eventually(async () => {
    const [, product] = /Product identification: (\S*)/.exec(await node.sh(`sg_inq ${PATH}.sg`)) ?? [];
    const { state, reason, message } = await node.entry('ScstLun', 'lun');
    if (product !== name) throw new Error(`${product} answers in place of ${name}: ${state} ${reason}: ${message}`);
  }, CONVERGENCE_MS);

beforeAll(async () => {
  node = await LoneNode.boot({ kernel: 'uml', dataDiskMiB: 512 });
  await node.apply('place.yaml', [...DEVICES, ...PLACE].join('---\n'));
  await lun('a');
  await node.startAgent();
  await node.ready(PATH);
});
afterAll(() => node.stop());
afterEach(async () => {
  await node.machine.assertCleanKernel();
  expect(await node.ioErrors()).toBe('');
});

it('takes the place of the other in the same SCSI device, which gets its size, identity and data', async () => {
  await node.sh(`head -c 1M /dev/urandom > /tmp/a && dd if=/tmp/a of=${PATH} bs=64k oflag=direct status=none`);
  const [name, before] = [await block(), await age()];
  await lun('b');
  await served('b');
  await node.ready(PATH);
  expect([await block(), await age(), await bytes()]).toEqual([name, before, 96 * MIB]);
  // What the page cache had of the other device is not taken for this one's.
  await node.sh(`head -c 1M ${PATH} | cmp - /dev/zero -n 1M && cmp -n 1048576 /var/lib/scst/a.img /tmp/a`);
  await eventually(async () => {
    const { byId } = (await node.entry('ScstLun', 'lun')) as { byId?: string };
    const naa = /0x(35c57[0-9a-f]{11})/.exec(await node.sh(`sg_vpd -p di ${PATH}.sg`))?.[1];
    expect(byId).toBe(`/dev/disk/by-id/wwn-0x${naa}`);
    expect(await node.sh(`readlink -f ${byId}`)).toBe(`/dev/${name}\n`);
  });
  await lun('a');
  await served('a');
  await node.ready(PATH);
  await node.sh(`head -c 1M ${PATH} | cmp - /tmp/a`);
  expect(await age()).toBe(before);
});

it.each([
  ['by a unit attention', '{}', true],
  ['not at all where that is asked for', '{unitAttention: false}', false],
])('tells the initiator %s', async (_, replacement, told) => {
  await node.sh('dmesg --clear');
  await lun('c', replacement);
  await served('c');
  await node.ready(PATH);
  const messages = await node.sh('dmesg');
  expect(messages.includes('Inquiry data has changed')).toBe(told);
  await lun('a');
  await served('a');
  await node.ready(PATH);
});

it('waits while the disk is in use, and says for whom', async () => {
  await node.sh(`mkfs.ext4 -q ${PATH} && mkdir -p /mnt/lun && mount ${PATH} /mnt/lun && echo kept > /mnt/lun/file`);
  await lun('b');
  await eventually(async () =>
    expect(await node.entry('ScstLun', 'lun')).toMatchObject({
      state: 'Pending',
      reason: 'InUse',
      message: expect.stringMatching(
        /mounted at \/mnt\/lun.*replacing its device by b.*replacement\.sameData/,
      ) as string,
    }),
  );
  await node.sh('sync; echo more >> /mnt/lun/file; sync; grep -q kept /mnt/lun/file');
  expect(await node.sh(`sg_inq ${PATH}.sg`)).toContain('Product identification: a');
  await node.sh('umount /mnt/lun');
  await served('b');
  await lun('a');
  await served('a');
  await node.ready(PATH);
  await node.sh(`mount ${PATH} /mnt/lun && grep -q more /mnt/lun/file && umount /mnt/lun`);
});

it('under fio, where both hold the same data, loses nothing and breaks nothing', async () => {
  const before = await age();
  await node.sh(
    `fio --name=w --filename=${PATH} --rw=write --bs=64k --size=32m --direct=1 --verify=crc32c --do_verify=0 --output=/tmp/fio.1`,
  );
  await node.sh('sync && cat /var/lib/scst/a.img > /var/lib/scst/c.img && sync');
  // A run that verifies reads everything once; the next one begins at once. The first that finds anything wrong is the last.
  const read = `fio --name=w --filename=${PATH} --rw=randread --bs=64k --size=32m --direct=1 --verify=crc32c --numjobs=3 --iodepth=8 --ioengine=libaio --output=/tmp/fio.2`;
  await node.sh(
    `(while ! test -e /tmp/stop; do ${read} || break; echo done >> /tmp/fio.runs; done; echo ended > /tmp/fio.ended) > /dev/null 2>&1 &`,
  );
  await eventually(() => node.sh('test -s /tmp/fio.runs'));
  for (const name of ['c', 'a', 'c', 'a', 'c']) {
    await lun(name, SAME);
    await served(name);
  }
  await node.sh('if test -e /tmp/fio.ended; then cat /tmp/fio.2; exit 1; fi; touch /tmp/stop');
  await eventually(() => node.sh('test -e /tmp/fio.ended'), 60_000);
  expect((await node.sh('cat /tmp/fio.runs')).split('\n').length).toBeGreaterThan(2);
  expect(await node.sh('cat /tmp/fio.2')).toMatch(/err= 0/);
  await node.ready(PATH);
  expect(await age()).toBe(before);
  await lun('a', SAME);
  await served('a');
});

it('is there after the engine and the agent died in the middle of it', async () => {
  const before = await age();
  for (const name of ['b', 'a', 'b', 'a']) {
    await lun(name);
    await node.sh(
      `sleep 0.${name === 'a' ? 2 : 4}; pkill -9 -f "agent/main.j[s]"; pkill -9 -f "engine/main.j[s]"; true`,
    );
    await node.startAgent();
    await served(name);
    await node.ready(PATH);
    expect([await bytes(), await age()]).toEqual([(name === 'a' ? 64 : 96) * MIB, before]);
  }
  expect(await scsi(node.machine, PATH, '00 00 00 00 00 00')).toEqual({ status: 'GOOD' });
});

it('goes and comes as another SCSI device where LIO serves one of the two', async () => {
  await lun('k');
  await served('k');
  await node.ready(PATH);
  expect(await bytes()).toBe(32 * MIB);
  await lun('a');
  await served('a');
  await node.ready(PATH);
  await node.withdraw('lun.yaml');
  await node.withdraw('place.yaml');
  await node.nothingLeft();
});

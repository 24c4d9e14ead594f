// What happens to backing files behind a disk's back, and disks that are larger than what lies below them.
import { eventually } from '../env/stack/eventually.js';
import { FioRun } from './support/fio.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';
import { scsi } from './support/scsi.js';

jest.setTimeout(240_000);
const TIB = 2 ** 40;
const CUT = diskPath('cut');
const OTHER = diskPath('other');
const BIG = diskPath('big');
const LATE = diskPath('late');
const big = (size: string) => disk('big', { size, properties: { thinProvisioned: true } });

describe('backing files', () => {
  let node: LoneNode;

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'uml' }, { 'cut.yaml': disk('cut'), 'other.yaml': disk('other') });
    await node.ready(CUT, OTHER);
  });
  afterAll(() => node.stop());
  afterEach(() => node.machine.assertCleanKernel());

  it('disk-09: one that is cut fails to read, and disturbs no other disk', async () => {
    await node.sh(`dd if=/dev/zero of=${CUT} bs=1M count=64 oflag=direct status=none`);
    const engine = await node.sh('pgrep -of node-agent/engine/main.j[s]');
    const fio = await FioRun.start(node.machine, { path: OTHER });
    await node.sh('truncate -s 10M /var/lib/scst/cut.img');
    const unrecovered = { status: 'CHECK CONDITION', sense: '03/11/00' };
    expect(await scsi(node.machine, CUT, '28 00 00 01 86 a0 00 00 08 00', '-r 4096')).toEqual(unrecovered);
    expect(await scsi(node.machine, CUT, '28 00 00 01 ff ff 00 00 01 00', '-r 512')).toEqual(unrecovered);
    expect(await scsi(node.machine, CUT, '28 00 00 00 00 00 00 00 08 00', '-r 4096')).toEqual({ status: 'GOOD' });
    await eventually(async () =>
      expect(await node.entry('ScstDevice', 'cut')).toMatchObject({
        reason: 'BackingTruncated',
        message: expect.stringContaining('cut.img was cut by 56623104 bytes') as string,
      }),
    );
    expect(await node.sh('pgrep -of node-agent/engine/main.j[s]')).toBe(engine);
    expect(await fio.end()).toMatchObject({ error: 0, miscompares: 0 });
    await node.withdraw('cut.yaml');
    await node.ready(OTHER);
  });

  it('disk-06: a thin disk grows across 2 TiB, and keeps what it has', async () => {
    await node.apply('big.yaml', big('1Ti'));
    await node.ready(BIG);
    await node.sh(`tr '\\0' x < /dev/zero | dd of=${BIG} bs=1M count=4 iflag=fullblock oflag=direct status=none`);
    const before = await node.sh(`dd if=${BIG} bs=1M count=4 iflag=direct status=none | md5sum`);
    await node.apply('big.yaml', big('3Ti'));
    await eventually(async () => expect(await node.sh(`blockdev --getsize64 ${BIG}`)).toBe(`${3 * TIB}\n`));
    await node.ready(BIG);
    expect(await node.sh(`sg_raw -r 8 ${BIG}.sg 25 00 00 00 00 00 00 00 00 00 2>&1`)).toMatch(
      /ff ff ff ff 00 00 02 00/,
    );
    expect(await node.sh(`sg_readcap --16 ${BIG}.sg`)).toContain(`Last LBA=${(3 * TIB) / 512 - 1}`);
    const at = `bs=1M count=1 status=none`;
    await node.sh(`head -c 1M /dev/urandom > /tmp/m; dd if=/tmp/m of=${BIG} seek=2621440 oflag=direct ${at}`);
    await node.sh(`dd if=${BIG} skip=2621440 iflag=direct ${at} | cmp - /tmp/m`);
    expect(await node.sh(`dd if=${BIG} bs=1M count=4 iflag=direct status=none | md5sum`)).toBe(before);
  });

  it('life-08: one that comes late is taken when it is there, and what is wished for stays in the journal', async () => {
    const late = disk('late', { filename: 'mnt/late.img', size: '' });
    await node.apply('late.yaml', late);
    await eventually(async () =>
      expect(await node.entry('ScstDevice', 'late')).toMatchObject({ state: 'Failed', reason: 'BackingNotFound' }),
    );
    const journal = () => node.sh('cat /var/lib/scst/journal.json');
    const before = await journal();
    await node.machine.restart();
    await node.apply('late.yaml', late);
    await node.apply('other.yaml', disk('other'));
    await node.apply('big.yaml', big('3Ti'));
    await node.startAgent();
    await eventually(async () =>
      expect(await node.entry('ScstDevice', 'late')).toMatchObject({ state: 'Failed', reason: 'BackingNotFound' }),
    );
    expect(JSON.parse(await journal())).toEqual(JSON.parse(before));
    await node.sh('test -b ' + OTHER);
    await node.sh('mkdir /var/lib/scst/mnt && truncate -s 8M /tmp/late && cp /tmp/late /var/lib/scst/mnt/late.img');
    await eventually(async () => node.sh(`test -b ${LATE}`), 30_000);
    expect(await node.sh(`blockdev --getsize64 ${LATE}`)).toBe(`${8 * 2 ** 20}\n`);
  });
});

// A thin disk: space is given back by the kernel, by file systems and by sg3-utils, and what was given back reads as zeros.
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';
import { scsi } from './support/scsi.js';

jest.setTimeout(240_000);
const PATH = diskPath('thin');
const GROW = diskPath('grow');
const SG = `${PATH}.sg`;
const MIB = 2 ** 20;

describe('a thin disk', () => {
  let node: LoneNode;
  /** Bytes that the backing file takes. */
  const taken = async (name = 'thin') => Number(await node.sh(`sync; stat -c %b /var/lib/scst/${name}.img`)) * 512;
  const fill = () =>
    node.sh(`tr '\\0' x < /dev/zero | dd of=${PATH} bs=1M count=64 iflag=fullblock oflag=direct status=none`);
  /** Every byte of a part of the disk is that one (octal). */
  const holds = async (fromMiB: number, countMiB: number, byte: string) =>
    (await node.sh(
      `dd if=${PATH} iflag=direct bs=1M skip=${fromMiB} count=${countMiB} status=none | tr -d '\\${byte}' | wc -c`,
    )) === '0\n';

  beforeAll(async () => {
    const manifest = disk('thin', { properties: { thinProvisioned: true, rotational: false } });
    node = await LoneNode.start({ kernel: 'uml' }, { 'thin.yaml': manifest });
    await node.ready(PATH);
  });
  afterAll(() => node.stop());
  afterEach(async () => {
    expect(await node.ioErrors()).toBe('');
    await node.machine.assertCleanKernel();
  });

  it('is one for the kernel', async () => {
    const block = `/sys/class/block/$(basename $(readlink ${PATH}))`;
    expect(await node.sh(`cat ${block}/device/scsi_disk/*/provisioning_mode ${block}/queue/rotational`)).toBe(
      'unmap\n0\n',
    );
    expect(await node.sh(`sg_readcap -l ${SG}`)).toMatch(/lbpme=1, lbprz=1/);
    expect(await node.sh(`sg_vpd -p lbpv ${SG}`)).toMatch(/Unmap command supported \(LBPU\): 1/);
  });

  it('gives back what blkdiscard discards, and no more', async () => {
    await fill();
    const full = await taken();
    expect(full).toBeGreaterThanOrEqual(64 * MIB);
    await node.sh(`blkdiscard -o ${16 * MIB} -l ${8 * MIB} ${PATH}`);
    expect(full - (await taken())).toBe(8 * MIB);
    expect([await holds(16, 8, '0'), await holds(15, 1, '170'), await holds(24, 1, '170')]).toEqual([true, true, true]);
    await node.sh(`blkdiscard -z -o ${32 * MIB} -l ${8 * MIB} ${PATH}`);
    expect(await holds(32, 8, '0')).toBe(true);
  });

  it('does what the tools of sg3-utils ask for', async () => {
    await fill();
    await node.sh(`sg_unmap --force --lba=0 --num=2048 ${SG}`);
    expect(await node.sh(`sg_get_lba_status --lba=0 --brief ${SG}`)).toMatch(/^0x0000000000000000 +0x800 +1 /m);
    await node.sh(
      `head -c 512 /dev/zero | tr '\\0' y > /tmp/y; sg_write_same --16 --in=/tmp/y --lba=2048 --num=2048 ${SG}`,
    );
    expect(await holds(1, 1, '171')).toBe(true);
    await node.sh(`sg_write_same --16 --unmap --lba=4096 --num=2048 --in=/dev/zero --xferlen=512 ${SG}`);
    await node.sh(`sg_write_same --16 --ndob --lba=6144 --num=2048 ${SG}`);
    expect([await holds(0, 1, '0'), await holds(2, 2, '0'), await holds(4, 1, '170')]).toEqual([true, true, true]);
    await node.sh(`head -c 512 /dev/zero > /tmp/pair; cat /tmp/y >> /tmp/pair`);
    await node.sh(`sg_compare_and_write --in=/tmp/pair --lba=0 --num=1 --xferlen=1024 ${SG}`);
    expect(
      (await node.machine.run(`sg_compare_and_write --quiet --in=/tmp/pair --lba=0 --num=1 --xferlen=1024 ${SG}`)).code,
    ).toBe(14);
    expect(await node.sh(`dd if=${PATH} iflag=direct bs=512 count=1 status=none | tr -d y | wc -c`)).toBe('0\n');
  });

  it('takes ext4 and fstrim, and the space of deleted files comes back', async () => {
    await node.sh(`mkfs.ext4 -q ${PATH} && mkdir -p /mnt/thin && mount ${PATH} /mnt/thin`);
    await node.sh('dd if=/dev/urandom of=/mnt/thin/data bs=1M count=32 conv=fsync status=none');
    const full = await taken();
    await node.sh('rm /mnt/thin/data && sync && fstrim /mnt/thin');
    expect(full - (await taken())).toBeGreaterThan(30 * MIB);
    await node.sh('umount /mnt/thin && fsck.ext4 -fn $(readlink -f /dev/scst/thin/thin/lun0)');
  });

  it('disk-07: gives nothing back, cleanly, once it is no thin disk any more', async () => {
    await node.apply('thin.yaml', disk('thin', { properties: { rotational: false } }));
    await node.ready(PATH);
    await eventually(async () =>
      expect(await scsi(node.machine, PATH, '42 00 00 00 00 00 00 00 00 00')).toEqual({
        status: 'CHECK CONDITION',
        sense: '05/20/00',
      }),
    );
  });

  it('seq-08: grows under a mounted xfs with I/O going on, and fstrim gives back what was deleted', async () => {
    await node.apply(
      'grow.yaml',
      disk('grow', { size: '512Mi', properties: { thinProvisioned: true, rotational: false } }),
    );
    await node.ready(GROW);
    await node.sh(`mkfs.xfs -q -f ${GROW} && mkdir -p /mnt/x && mount ${GROW} /mnt/x`);
    const writer = await node.machine.spawn(
      'exec fio --name=w --directory=/mnt/x --rw=randwrite --bs=16k --size=64M --time_based --runtime=8 --verify=crc32c --end_fsync=1',
    );
    await node.apply(
      'grow.yaml',
      disk('grow', { size: '1Gi', properties: { thinProvisioned: true, rotational: false } }),
    );
    await eventually(async () => expect(await node.sh(`blockdev --getsize64 ${GROW}`)).toBe(`${1024 * MIB}\n`));
    await node.sh('xfs_growfs /mnt/x');
    expect(await writer.exited).toBe(0);
    expect(Number(await node.sh('df -B1 --output=size /mnt/x | tail -1'))).toBeGreaterThan(900 * MIB);
    const before = await taken('grow');
    // XFS frees a deleted file's blocks in the background (inodegc): unmounting waits for that, sync doesn't.
    await node.sh(`rm /mnt/x/* && umount /mnt/x && mount ${GROW} /mnt/x && fstrim /mnt/x && umount /mnt/x`);
    expect(before - (await taken('grow'))).toBeGreaterThan(50 * MIB);
    await node.sh(`xfs_repair -n ${GROW} 2>&1`);
  });
});

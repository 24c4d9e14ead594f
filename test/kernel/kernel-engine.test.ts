// Disks that LIO serves itself (engine: kernel): what our engine shows otherwise, the kernel shows of a file that was checked.
import { eventually } from '../env/stack/eventually.js';
import { ROOT } from '../env/stack/paths.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath, type DiskOptions } from './support/manifests.js';
import { scsi } from './support/scsi.js';

jest.setTimeout(300_000);
const A = diskPath('k', 'a');
const B = diskPath('k', 'b');
const THIN = diskPath('thin');
const MIB = 2 ** 20;
const TEST_UNIT_READY = '00 00 00 00 00 00';

/** As disk(), served by LIO. */
function ofKernel(name: string, options: DiskOptions = {}): string {
  return disk(name, options).replace('spec: {vdiskFileio', 'spec: {engine: kernel, vdiskFileio');
}
const pair = (options: DiskOptions = {}) => ofKernel('k', { sessions: ['a', 'b'], ...options });

describe('a disk that LIO serves', () => {
  let node: LoneNode;
  const block = (path: string) => `/sys/class/block/$(basename $(readlink -f ${path}))`;
  const backstores = () => node.sh('ls /sys/kernel/config/target/core/fileio_21332 2> /dev/null | grep ^scst || true');

  /** The HBA that each LUN leads to. */
  const served = async () =>
    (
      await node.sh(
        `find /sys/kernel/config/target/loopback -type l -lname '*/scst-*' -exec readlink {} + | sed 's,/scst-.*,,; s,.*/,,'`,
      )
    )
      .trim()
      .split('\n');
  /** Where LIO keeps registrations is on the disk that outlives a power cut, as a real node’s is. */
  const keepRegistrations = () =>
    node.sh('mkdir -p /var/lib/scst/target && mount --bind /var/lib/scst/target /etc/target');

  beforeAll(async () => {
    node = await LoneNode.boot({ kernel: 'uml' });
    await keepRegistrations();
    await node.apply('k.yaml', pair());
    await node.startAgent();
    await node.ready(A, B);
  });
  afterAll(() => node.stop());
  afterEach(async () => {
    expect(await node.ioErrors()).toBe('');
    await node.machine.assertCleanKernel();
  });

  it('is one logical unit in two sessions, with the identity that its object has', async () => {
    const identity = (path: string) =>
      node.sh(
        `sg_vpd -p di ${path}.sg | grep -A 3 -i "logical unit"; sg_vpd -p sn ${path}.sg; sg_inq ${path}.sg | grep ident`,
      );
    expect(await identity(A)).toBe(await identity(B));
    expect(await identity(A)).toMatch(/Vendor identification: SCST_FIO\s+Product identification: k\b/);
    const serial = /Unit serial number: ([0-9a-f]{16})\s/.exec(await identity(A))?.[1];
    expect(await node.sh(`sg_vpd -p di ${A}.sg`)).toContain(`0x6001405${serial}`);
    expect((await backstores()).trim().split('\n')).toHaveLength(1);
    await node.sh(`dd if=/dev/urandom of=/tmp/data bs=64k count=4 status=none`);
    await node.sh(`dd if=/tmp/data of=${A} oflag=direct bs=64k status=none`);
    await node.sh(`dd if=${B} iflag=direct bs=64k count=4 status=none | cmp - /tmp/data`);
    await node.sh(`sync; head -c 256k /var/lib/scst/k.img | cmp - /tmp/data`);
  });

  it('takes reservations of one session against the other', async () => {
    await node.sh(
      `sg_persist --out --register --param-sark=1 ${A}.sg && sg_persist --out --register --param-sark=2 ${B}.sg`,
    );
    await node.sh(`sg_persist --out --reserve --param-rk=1 --prout-type=3 ${A}.sg`);
    expect((await node.machine.run(`dd if=/dev/zero of=${B} oflag=direct bs=4k count=1`)).code).not.toBe(0);
    await node.sh(`sg_persist --out --clear --param-rk=1 ${A}.sg`);
    await eventually(async () => expect(await scsi(node.machine, B, TEST_UNIT_READY)).toEqual({ status: 'GOOD' }));
    await node.sh('dmesg --clear');
  });

  it('serves while engine and agent are gone, and is the same when they are back', async () => {
    await node.sh(`mkfs.ext4 -q -F ${A} && mkdir -p /mnt/k && mount ${A} /mnt/k`);
    const before = await node.sh(`readlink -f ${A} ${B}`);
    await node.signal('agent', 'SIGKILL');
    await node.signal('engine', 'SIGKILL');
    await node.sh(
      'dd if=/dev/urandom of=/mnt/k/data bs=1M count=8 conv=fsync status=none && sha256sum /mnt/k/data > /tmp/sum',
    );
    await node.startAgent();
    await node.ready(A, B);
    expect(await node.sh(`readlink -f ${A} ${B}`)).toBe(before);
    await node.sh('echo 3 > /proc/sys/vm/drop_caches; sha256sum -c /tmp/sum');
  });

  it('grows while it is mounted, and takes another size only when it can have it', async () => {
    await node.apply('k.yaml', pair({ size: '96Mi' }));
    await eventually(async () =>
      expect(await node.sh(`blockdev --getsize64 ${A} ${B}`)).toBe(`${96 * MIB}\n${96 * MIB}\n`),
    );
    await node.ready(A, B);
    await node.sh(
      'resize2fs $(readlink -f /dev/scst/k/a/lun0) 2>&1 && umount /mnt/k && fsck.ext4 -fn $(readlink -f /dev/scst/k/a/lun0)',
    );
    expect(await node.sh('stat -c %s /var/lib/scst/k.img')).toBe(`${96 * MIB}\n`);
  });

  it('says what it can’t change while LUNs lead to it, and goes on as it was', async () => {
    await node.apply('k.yaml', pair({ size: '96Mi', properties: { writeThrough: true } }));
    await eventually(async () =>
      expect(await node.entry('ScstLun', 'k')).toMatchObject({
        reason: 'NeedsRecreation',
        message: expect.stringContaining('mode is Buffered-WCE, wanted O_DSYNC') as string,
      }),
    );
    await node.sh(`dd if=/dev/zero of=${A} oflag=direct bs=4k count=1 status=none`);
    await node.apply('k.yaml', pair({ size: '96Mi' }));
    await node.ready(A, B);
  });

  it('refuses at the object what LIO can’t do, and leaves the disk as it was', async () => {
    await node.apply('k.yaml', pair({ size: '96Mi', properties: { removable: true } }));
    await eventually(async () =>
      expect(JSON.stringify((await node.status()).manifests)).toMatch(/engine: kernel can't honour removable/),
    );
    await node.sh(`dd if=/dev/zero of=${A} oflag=direct bs=4k count=1 status=none`);
    await node.apply('k.yaml', pair({ size: '96Mi' }));
    await node.ready(A, B);
  });

  it('can’t be blocked, which LIO has no way for, and says so', async () => {
    for (const action of ['block', 'low-space', 'eject']) {
      const { code, stdout, stderr } = await node.machine.run(`${ROOT}/bin/scst ${action} k`);
      expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(/LIO answers the commands of k/) as string]);
    }
  });

  it('is not taken away while it is in use, and becomes one of our engine when it is not', async () => {
    const ours = disk('k', { sessions: ['a', 'b'], size: '96Mi' });
    await node.sh(`mkfs.ext4 -q -F ${A} && mount ${A} /mnt/k && echo kept > /mnt/k/file && sync`);
    await node.apply('k.yaml', ours);
    await eventually(async () =>
      expect(await node.entry('ScstLun', 'k')).toMatchObject({
        reason: 'InUse',
        message: expect.stringContaining('/mnt/k') as string,
      }),
    );
    // The other session waits without its disk: two engines on one file wouldn't know of each other's reservations.
    await eventually(async () => expect(await served()).toEqual(['fileio_21332']));
    await eventually(async () => expect(JSON.stringify((await node.status()).status.luns)).toContain('OtherEngine'));
    await node.sh('umount /mnt/k');
    await eventually(async () => expect(await served()).toEqual(['user_21332', 'user_21332']));
    await node.ready(A, B);
    expect(await backstores()).toBe('');
    await node.sh(`mount ${A} /mnt/k && grep kept /mnt/k/file && umount /mnt/k`);
    await node.apply('k.yaml', pair({ size: '96Mi' }));
    await eventually(async () => expect(await served()).toEqual(['fileio_21332', 'fileio_21332']));
    await node.ready(A, B);
    await node.sh(`mount ${A} /mnt/k && grep kept /mnt/k/file && umount /mnt/k`);
  });

  it('writes through and gives space back where its object says so', async () => {
    const properties = { thinProvisioned: true, rotational: false, writeThrough: true, blocksize: 4096 };
    await node.apply('thin.yaml', ofKernel('thin', { properties }));
    await node.ready(THIN);
    expect(
      await node.sh(
        `cat ${block(THIN)}/device/scsi_disk/*/cache_type ${block(THIN)}/device/scsi_disk/*/provisioning_mode ${block(THIN)}/queue/rotational ${block(THIN)}/queue/logical_block_size`,
      ),
    ).toBe('write through\nunmap\n0\n4096\n');
    await node.sh(`dd if=/dev/urandom of=${THIN} bs=1M count=32 oflag=direct status=none`);
    const taken = async () => Number(await node.sh('sync; stat -c %b /var/lib/scst/thin.img')) * 512;
    const full = await taken();
    await node.sh(`blkdiscard -o ${8 * MIB} -l ${16 * MIB} ${THIN}`);
    expect(full - (await taken())).toBe(16 * MIB);
    expect(await node.sh(`dd if=${THIN} iflag=direct bs=1M skip=8 count=16 status=none | tr -d '\\0' | wc -c`)).toBe(
      '0\n',
    );
  });

  it('is made of no file that our engine would refuse', async () => {
    await node.sh(
      'truncate -s 64M /root/secret && ln -s /root/secret /var/lib/scst/link.img && truncate -s 64M /var/lib/scst/two.img && ln /var/lib/scst/two.img /var/lib/scst/names.img',
    );
    await node.apply(
      'bad.yaml',
      `${ofKernel('link')}---\n${ofKernel('two')}---\n${ofKernel('again', { filename: 'k.img' })}`,
    );
    const reason = async (name: string) => (await node.entry('ScstDevice', name)).reason;
    await eventually(async () => {
      expect([await reason('link'), await reason('two'), await reason('again')]).toEqual([
        'PathNotAllowed',
        'MultipleLinks',
        'BackingInUse',
      ]);
    });
    expect((await backstores()).trim().split('\n')).toHaveLength(2);
    await node.withdraw('bad.yaml');
    await node.withdraw('thin.yaml');
    await node.ready(A, B);
  });

  it('is back after a power cut, with what was synced, its reservations too', async () => {
    await node.sh(
      `mount ${A} /mnt/k && dd if=/dev/urandom of=/mnt/k/data bs=1M count=4 conv=fsync status=none && umount /mnt/k`,
    );
    const sum = await node.sh(`mount -o ro ${A} /mnt/k && sha256sum /mnt/k/data && umount /mnt/k`);
    await node.sh(`sg_persist --out --register --param-sark=a --param-aptpl ${A}.sg`);
    await node.sh(`sg_persist --out --register --param-sark=b --param-aptpl ${B}.sg`);
    // LIO doesn't sync its file.
    await node.sh(`sg_persist --out --reserve --param-rk=a --prout-type=5 ${A}.sg && sync -f /etc/target`);
    await node.machine.restart();
    await keepRegistrations();
    await node.apply('k.yaml', pair({ size: '96Mi' }));
    await node.startAgent();
    await node.ready(A, B);
    expect(await node.sh(`mkdir -p /mnt/k && mount -o ro ${A} /mnt/k && sha256sum /mnt/k/data && umount /mnt/k`)).toBe(
      sum,
    );
    // LIO restores a registration as its LUN appears, in any order.
    const keys = await node.sh(`sg_persist --in --read-keys ${A}.sg`);
    expect(keys).toContain('2 registered reservation keys follow:');
    expect(
      keys
        .match(/^\s+0x[ab]$/gm)
        ?.map((key) => key.trim())
        .sort(),
    ).toEqual(['0xa', '0xb']);
    expect(await node.sh(`sg_persist --in --read-reservation ${A}.sg`)).toMatch(
      /Key=0xa\s[\s\S]*type: Write Exclusive, registrants only\s/,
    );
    await node.sh(`sg_persist --out --clear --param-rk=b ${B}.sg`);
    await eventually(async () => expect(await scsi(node.machine, A, TEST_UNIT_READY)).toEqual({ status: 'GOOD' }));
  });

  it('leaves nothing behind but its file', async () => {
    await node.withdraw('k.yaml');
    await node.nothingLeft();
    expect(await node.sh('ls /var/lib/scst/*.img')).toMatch(/\/k\.img\n/);
  });
});

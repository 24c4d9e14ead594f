// The disk of the quickstart on a node alone: what the kernel, udev, file systems and sg3-utils see of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { availableOf } from '../../node-agent/scsi/spc/personality.js';
import { disk64 } from '../../node-agent/scsi/testing/disk-fixture.js';
import { eventually } from '../env/stack/eventually.js';
import { EXAMPLES } from '../env/stack/paths.js';
import { FioRun } from './support/fio.js';
import { LoneNode } from './support/lone-node.js';
import { scsi, scsiEach } from './support/scsi.js';

jest.setTimeout(240_000);
const PATH = '/dev/scst/scst-local-tgt/scst-local-host/lun0';
const SG = `${PATH}.sg`;
const FILE = '/var/lib/scst/vm_disk1.img';
const INVALID_COMMAND = { status: 'CHECK CONDITION', sense: '05/20/00' };
const INVALID_FIELD = { status: 'CHECK CONDITION', sense: '05/24/00' };

describe('the disk of the quickstart', () => {
  let node: LoneNode;

  beforeAll(async () => {
    const quickstart = readFileSync(join(EXAMPLES, 'quickstart.yaml'), 'utf8');
    node = await LoneNode.start({ kernel: 'uml' }, { 'quickstart.yaml': quickstart });
    await node.ready(PATH);
  });
  afterAll(() => node.stop());
  afterEach(async () => {
    expect(await node.ioErrors()).toBe('');
    await node.machine.assertCleanKernel();
  });

  it('is a SCSI disk with block device, sg device and the names that udev gives', async () => {
    expect(await node.sh('lsscsi -g')).toMatch(/disk\s+SCST_FIO vm-disk1\s+3110\s+\/dev\/sda\s+\/dev\/sg0/);
    expect(await node.sh(`readlink -f ${PATH} ${SG}`)).toBe('/dev/sda\n/dev/sg0\n');
    expect(await node.sh(`blockdev --getsize64 --getss ${PATH}`)).toBe(`${2 ** 30}\n512\n`);
    const naa = /0x([0-9a-f]{16,32})/.exec(await node.sh(`sg_vpd -p di ${SG}`))?.[1];
    await node.sh('udevadm settle');
    expect(await node.sh(`readlink -f /dev/disk/by-id/wwn-0x${naa} /dev/disk/by-id/scsi-3${naa}`)).toBe(
      '/dev/sda\n/dev/sda\n',
    );
  });

  it('shows the INQUIRY data of SCST', async () => {
    const data = await node.sh(`sg_inq --raw --len=66 ${SG} | od -An -v -tx1 | tr -d ' \\n'`);
    const text = (words: string) => Buffer.from(words).toString('hex');
    expect(data).toBe(
      `000006023d081002${text('SCST_FIO')}${text('vm-disk1        ')}${text('3110')}${'00'.repeat(22)}008b0be0046304c0`,
    );
  });

  it('answers the tools of sg3-utils', async () => {
    for (const command of ['sg_inq', 'sg_modes -a', 'sg_opcodes', 'sg_readcap', 'sg_readcap -l', 'sg_turs', 'sg_luns'])
      await node.sh(`${command} ${SG}`);
    const pages = (await node.sh(`sg_vpd -p sv --raw ${SG} | od -An -v -tx1`)).trim().split(/\s+/).slice(4);
    expect(pages.length).toBeGreaterThan(3);
    for (const page of pages) await node.sh(`sg_vpd -p 0x${page} ${SG}`);
  });

  it('tells its one target port group, and takes a reset of its log pages', async () => {
    const port = /Relative target port: (0x[0-9a-f]+)/.exec(await node.sh(`sg_vpd -p di ${SG}`))?.[1] ?? 'none';
    for (const format of ['', '--extended']) {
      const groups = await node.sh(`sg_rtpg --decode ${format} ${SG}`);
      expect(groups).toMatch(/active\/optimized/);
      expect(groups.match(/target port group id/g)).toHaveLength(1);
      expect(/Relative target port ids:\s+(\S+)/.exec(groups)?.[1]).toBe(port);
    }
    await node.sh(`sg_logs --all ${SG} && sg_logs --reset ${SG} && sg_logs --reset --page=0x10 ${SG}`);
  });

  it('writes and verifies, merges by ORWRITE, pre-fetches and has no defects', async () => {
    await node.sh(
      `head -c 1024 /dev/zero | tr '\\0' '\\3' > /tmp/3; head -c 1024 /dev/zero | tr '\\0' '\\14' > /tmp/12`,
    );
    await node.sh(`sg_write_verify --16 --bytchk=1 --lba=2048 --num=2 --in=/tmp/3 --ilen=1024 ${SG}`);
    const orWrite = '8b 00 00 00 00 00 00 00 08 01 00 00 00 01 00 00';
    expect(await scsi(node.machine, PATH, orWrite, '-s 512 -i /tmp/12')).toEqual({ status: 'GOOD' });
    const bytes = await node.sh(
      `dd if=${PATH} iflag=direct bs=1M skip=1 count=1 status=none | head -c 1536 | od -An -v -tx1 -w512 | cut -c2-6`,
    );
    expect(bytes).toBe('03 03\n0f 0f\n00 00\n');
    expect(await scsi(node.machine, PATH, '34 00 00 00 08 00 00 00 10 00')).toEqual({ status: 'GOOD' });
    expect(await scsi(node.machine, PATH, '37 00 08 00 00 00 00 00 04 00', '-r 4')).toEqual({ status: 'GOOD' });
  });

  it('writes as many blocks as the CDB says, whatever the size of the buffer', async () => {
    await node.sh(
      `head -c 4096 /dev/zero | tr '\\0' x > /tmp/x; dd if=/dev/zero of=${PATH} bs=8k count=1 oflag=direct`,
    );
    const write = '2a 00 00 00 00 02 00 00 01 00';
    expect(await scsi(node.machine, PATH, write, '-s 4096 -i /tmp/x')).toEqual({ status: 'GOOD' });
    const offsets = await node.sh(
      `dd if=${PATH} iflag=direct bs=8k count=1 status=none | od -An -v -tx1 -w512 | cut -c2-6`,
    );
    expect(offsets.split('\n').slice(0, 4)).toEqual(['00 00', '00 00', '78 78', '00 00']);
    expect(offsets.match(/78/g)).toHaveLength(2);
  });

  it('disk-03: answers every command that it does not know, at once, while I/O goes on', async () => {
    const { unit } = disk64();
    const served = new Set(availableOf(unit.personality.commands, unit).map(({ opcode }) => opcode));
    const unknown = Array.from({ length: 256 }, (_, opcode) => opcode).filter((opcode) => !served.has(opcode));
    const zeros = (opcode: number) => hex([opcode, ...new Array<number>(lengthOfCdb(opcode) - 1).fill(0)]);
    const fio = await FioRun.start(node.machine, { path: PATH });
    const outcomes = await scsiEach(node.machine, PATH, unknown.map(zeros));
    expect(outcomes).toEqual(unknown.map(() => INVALID_COMMAND));
    expect(await scsi(node.machine, PATH, '1f 00 00 00 00 00')).toEqual(INVALID_COMMAND);
    expect(await scsi(node.machine, PATH, `7f 00 00 00 00 00 00 18 ff ff${' 00'.repeat(22)}`)).toEqual(INVALID_COMMAND);
    expect(await scsi(node.machine, PATH, `9e 1f${' 00'.repeat(14)}`)).toEqual(INVALID_FIELD);
    expect(await fio.end()).toMatchObject({ error: 0, miscompares: 0 });
  });

  it('the kernel gives up on a command later than the ring does, so that error handling never begins', async () => {
    expect(await node.sh('cat /sys/kernel/config/target/core/user_*/*/attrib/cmd_time_out')).toBe('600\n');
    expect(await node.sh(`cat /sys/class/block/$(basename $(readlink -f ${PATH}))/device/timeout`)).toBe('630\n');
  });

  it('an agent that is told that the engine is external leaves it to others to start one', async () => {
    await node.signal('agent', 'SIGTERM');
    await node.startAgent(['--engine', 'external']);
    await node.ready(PATH);
    await node.signal('engine', 'SIGKILL');
    await eventually(async () =>
      expect(await node.condition('EngineConnected')).toMatchObject({ status: 'False', reason: 'EngineUnavailable' }),
    );
    expect((await node.machine.run('pgrep -f node-agent/engine/main.j[s]')).code).toBe(1);
    await node.startEngine();
    await node.ready(PATH);
  });

  it('keeps a file system, and what is in it', async () => {
    await node.sh(`mkfs.ext4 -q ${PATH} && mkdir -p /mnt/disk && mount ${PATH} /mnt/disk`);
    const written = await node.sh(
      'dd if=/dev/urandom of=/mnt/disk/data bs=1M count=32 status=none; sha256sum /mnt/disk/data',
    );
    await node.sh(`umount /mnt/disk && echo 3 > /proc/sys/vm/drop_caches && mount ${PATH} /mnt/disk`);
    expect(await node.sh('sha256sum /mnt/disk/data')).toBe(written);
  });

  it('stays while it is mounted when its manifest goes, says where, and goes after umount; the file stays', async () => {
    await node.withdraw('quickstart.yaml');
    await eventually(async () => {
      const { state, reason, message } = await node.entry('ScstLun', 'vm-disk1');
      expect({ state, reason }).toEqual({ state: 'Terminating', reason: 'InUse' });
      expect(message).toContain('/mnt/disk');
    });
    await node.sh('echo more > /mnt/disk/more && sync /mnt/disk/more && umount /mnt/disk');
    await node.nothingLeft();
    expect(await node.sh(`stat -c %s ${FILE}`)).toBe(`${2 ** 30}\n`);
  });
});

function hex(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** By the command's group (SPC-4 4.2.5.1); vendor-specific ones may have any length. */
function lengthOfCdb(opcode: number): number {
  if (opcode === 0x7f) return 32;
  return [6, 10, 10, 16, 16, 12, 12, 12][opcode >> 5] ?? 12;
}

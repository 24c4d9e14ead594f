// Attributes of a disk that change while it is in use, and direct I/O: what the kernel, sg3-utils and the page cache say.
import { eventually } from '../env/stack/eventually.js';
import { FioRun } from './support/fio.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';
import { scsi } from './support/scsi.js';

jest.setTimeout(240_000);
const A = diskPath('d', 'a');
const B = diskPath('d', 'b');
const TEST_UNIT_READY = '00 00 00 00 00 00';

function manifest(properties: Record<string, unknown> = {}, identity: Record<string, string> = {}): string {
  const wish = Object.keys(identity).length === 0 ? '' : `identity: ${JSON.stringify(identity)}, `;
  return disk('d', { sessions: ['a', 'b'], properties }).replace('{vdiskFileio:', `{${wish}vdiskFileio:`);
}

describe('attributes of a disk', () => {
  let node: LoneNode;
  const told = (command: string, expected: RegExp) =>
    eventually(async () => expect(await node.sh(`${command} ${A}.sg`)).toMatch(expected));
  /** Takes the unit attentions of b that are pending. */
  const attentions = async () => {
    const senses: string[] = [];
    for (;;) {
      const { status, sense } = await scsi(node.machine, B, TEST_UNIT_READY);
      if (status === 'GOOD' || sense === undefined) return senses;
      senses.push(sense);
    }
  };
  /** A unit attention reached b: it was pending, or the kernel's own commands met it, which it logs. */
  const announced = async (sense: string, words: RegExp) => {
    if (!(await attentions()).includes(sense)) expect(await node.machine.kernelMessages()).toMatch(words);
  };

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'uml' }, { 'd.yaml': manifest() });
    await node.ready(A, B);
    await attentions();
  });
  afterAll(() => node.stop());
  afterEach(async () => {
    expect(await node.ioErrors()).toBe('');
    await node.machine.assertCleanKernel();
  });

  it('change under I/O, each with its unit attention, and the disk stays', async () => {
    const before = await node.sh(`readlink ${A} ${B}`);
    const fio = await FioRun.start(node.machine, { path: A });
    const identity = {
      vendor: 'ACME',
      product: 'roadrunner',
      revision: '0042',
      serial: 'serial-0815',
      eui64: '0123456789abcdef',
      scsiDeviceName: 'iqn.2026-11.dev.scst:d',
      inquiryVendorSpecific: 'of our own',
    };
    await node.apply('d.yaml', manifest({}, identity));
    await told('sg_inq', /Vendor identification: ACME[^]*Product identification: roadrunner[^]*level: 0042/);
    await told('sg_inq --raw --len=56', /of our own/);
    await told('sg_vpd -p sn', /Unit serial number: serial-0815/);
    await told('sg_vpd -p di', /0x0123456789abcdef[^]*iqn\.2026-11\.dev\.scst:d/);
    await announced('06/3f/03', /Inquiry data has changed/);

    const properties = {
      rotational: false,
      physicalBlockSize: 4096,
      optimalTransferLength: 65_536,
      taskSetPerNexus: false,
      writeThrough: true,
      thinProvisioned: true,
    };
    await node.apply('d.yaml', manifest(properties, identity));
    await told('sg_vpd -p bdc', /Non-rotating medium/);
    await told('sg_readcap -l', /lbpme=1[^]*physical block length=4096/);
    await told('sg_vpd -p bl', /Optimal transfer length: 128 blocks/);
    await told('sg_modes -p 8', /88 12 00/);
    await told('sg_modes -p 0xa', /8a 0a 00/);
    await announced('06/2a/01', /Mode parameters changed/);

    expect(await fio.end()).toMatchObject({ error: 0, miscompares: 0 });
    expect(await node.sh(`readlink ${A} ${B}`)).toBe(before);
    await node.ready(A, B);
  });

  it('maxCommands is the queue depth of each session’s device, changes under I/O, and is put back', async () => {
    const depths = `cat /sys/class/block/$(basename $(readlink ${A}))/device/queue_depth /sys/class/block/$(basename $(readlink ${B}))/device/queue_depth`;
    const withDepth = (commands: number) =>
      manifest().replace('{vdiskFileio:', `{maxCommands: ${commands}, vdiskFileio:`);
    expect(await node.sh(depths)).toBe('1024\n1024\n');
    const fio = await FioRun.start(node.machine, { path: A });
    await node.apply('d.yaml', withDepth(2));
    await eventually(async () => expect(await node.sh(depths)).toBe('2\n2\n'));
    const inFlight = `awk '{print ($1 + $2 <= 2) ? "few" : "many"}' /sys/class/block/$(basename $(readlink ${A}))/inflight`;
    await eventually(async () => expect(await node.sh(inFlight)).toBe('few\n'));
    expect(await fio.end()).toMatchObject({ error: 0, miscompares: 0 });
    await node.apply('d.yaml', manifest());
    await eventually(async () => expect(await node.sh(depths)).toBe('1024\n1024\n'));
  });

  it('directIO leaves nothing in the page cache, and loses nothing', async () => {
    await node.apply('direct.yaml', disk('direct', { properties: { directIO: true } }));
    const path = diskPath('direct');
    await node.ready(path);
    await node.sh(
      `dd if=/dev/urandom of=/tmp/data bs=1M count=16 status=none; sync; echo 3 > /proc/sys/vm/drop_caches`,
    );
    await node.sh(`dd if=/tmp/data of=${path} bs=1M oflag=direct status=none`);
    expect(await node.sh('fincore --bytes --noheadings -o RES /var/lib/scst/direct.img')).toMatch(/^\s*0\s*$/);
    await node.sh(`dd if=${path} bs=1M count=16 iflag=direct status=none | cmp - /tmp/data`);
    expect(await node.sh('fincore --bytes --noheadings -o RES /var/lib/scst/direct.img')).toMatch(/^\s*0\s*$/);
    const fio = await FioRun.start(node.machine, { path });
    await node.replaceEngine(3);
    expect(await fio.end()).toMatchObject({ error: 0, miscompares: 0 });
  });

  it('directIO is refused with advice where the file system has no such way', async () => {
    await node.sh('mkdir /var/lib/scst/memory && mount -t tmpfs none /var/lib/scst/memory');
    await node.apply('no.yaml', disk('no', { filename: 'memory/d.img', properties: { directIO: true } }));
    await eventually(async () =>
      expect(await node.entry('ScstDevice', 'no')).toMatchObject({
        state: 'Failed',
        reason: 'AttributeNotSupported',
        message: expect.stringContaining('leave directIO out') as string,
      }),
    );
  });
});

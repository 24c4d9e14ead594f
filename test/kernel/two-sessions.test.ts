// Two sessions on one device: two SCSI hosts, one logical unit.
import { eventually } from '../env/stack/eventually.js';
import { FioRun } from './support/fio.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';
import { scsi } from './support/scsi.js';

jest.setTimeout(300_000);
const A = diskPath('pair', 'a');
const B = diskPath('pair', 'b');
const TEST_UNIT_READY = '00 00 00 00 00 00';
const RESERVE = '16 00 00 00 00 00';
const RELEASE = '17 00 00 00 00 00';

describe('two sessions', () => {
  let node: LoneNode;
  const command = (path: string, cdb: string) => scsi(node.machine, path, cdb);

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'uml' }, { 'pair.yaml': disk('pair', { sessions: ['a', 'b'] }) });
    await node.ready(A, B);
  });
  // udev looks at a disk that a writer has closed: its commands would take the unit attentions that the tests wait for.
  beforeEach(() => node.sh('udevadm settle'));
  afterAll(() => node.stop());
  afterEach(() => node.machine.assertCleanKernel());

  it('are two SCSI hosts that show the same logical unit', async () => {
    expect(await node.sh(`for p in ${A} ${B}; do basename $(readlink -f $p); done | sort -u | wc -l`)).toBe('2\n');
    const identity = (path: string) =>
      node.sh(`sg_vpd -p di ${path}.sg | grep -A 3 "logical unit"; sg_vpd -p sn ${path}.sg`);
    expect(await identity(A)).toBe(await identity(B));
    expect(await identity(A)).toMatch(/Unit serial number: \S+/);
  });

  it('read what the other has written', async () => {
    for (const [writer, reader] of [
      [A, B],
      [B, A],
    ]) {
      await node.sh(`dd if=/dev/urandom of=/tmp/data bs=64k count=4 status=none`);
      await node.sh(`dd if=/tmp/data of=${writer} oflag=direct bs=64k status=none`);
      await node.sh(`dd if=${reader} iflag=direct bs=64k count=4 status=none | cmp - /tmp/data`);
    }
  });

  it('exclude each other by RESERVE(6), until RELEASE(6)', async () => {
    expect(await command(A, RESERVE)).toEqual({ status: 'GOOD' });
    expect(await command(B, TEST_UNIT_READY)).toEqual({ status: 'RESERVATION CONFLICT' });
    expect(await command(B, RESERVE)).toEqual({ status: 'RESERVATION CONFLICT' });
    // RELEASE of who has no reservation is no error and releases nothing (SPC-2 7.16).
    expect(await command(B, RELEASE)).toEqual({ status: 'GOOD' });
    expect(await command(B, TEST_UNIT_READY)).toEqual({ status: 'RESERVATION CONFLICT' });
    expect((await node.machine.run(`dd if=${B} of=/dev/null iflag=direct bs=4k count=1`)).code).not.toBe(0);
    await node.sh(`dd if=/dev/zero of=${A} oflag=direct bs=4k count=1 status=none`);
    expect(await command(A, RELEASE)).toEqual({ status: 'GOOD' });
    expect(await command(B, TEST_UNIT_READY)).toEqual({ status: 'GOOD' });
  });

  it('keep a reservation over the death of the engine', async () => {
    await command(A, RESERVE);
    await node.replaceEngine(2);
    expect(await command(B, TEST_UNIT_READY)).toEqual({ status: 'RESERVATION CONFLICT' });
    expect(await command(A, TEST_UNIT_READY)).toEqual({ status: 'GOOD' });
    await command(A, RELEASE);
    await node.ready(A, B);
  });

  it('hear of a LUN RESET by the other once, and lose the reservation by it', async () => {
    await command(B, RESERVE);
    await node.sh(`sg_reset -d ${A}.sg`);
    expect(await command(B, TEST_UNIT_READY)).toEqual({ status: 'CHECK CONDITION', sense: '06/29/03' });
    expect(await command(B, TEST_UNIT_READY)).toEqual({ status: 'GOOD' });
    // Of every I_T nexus, that of the RESET too (SAM-5 6.3.3).
    expect(await command(A, TEST_UNIT_READY)).toEqual({ status: 'CHECK CONDITION', sense: '06/29/03' });
    expect(await command(A, TEST_UNIT_READY)).toEqual({ status: 'GOOD' });
  });

  it('go one by one: I/O on the one does not notice that the other is taken away', async () => {
    const errors = await node.ioErrors();
    const before = await node.sh(`readlink -f ${A}; lsscsi -g | wc -l`);
    const fio = await FioRun.start(node.machine, { path: A });
    await node.apply('pair.yaml', disk('pair', { sessions: ['a'] }));
    await eventually(async () => expect((await node.machine.run(`test -e ${B}`)).code).toBe(1));
    await node.ready(A);
    const report = await fio.end();
    expect(report).toMatchObject({ error: 0, miscompares: 0 });
    expect(report.commands).toBeGreaterThan(0);
    expect(await node.sh(`readlink -f ${A}; echo $(($(lsscsi -g | wc -l) + 1))`)).toBe(before);
    expect(await node.ioErrors()).toBe(errors);
  });
});

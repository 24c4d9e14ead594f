// Persistent reservations by sg_persist through two sessions: fencing, the engine's death, a reboot.
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';
import { scsi } from './support/scsi.js';

jest.setTimeout(300_000);
const A = diskPath('pr', 'a');
const B = diskPath('pr', 'b');
const TEST_UNIT_READY = '00 00 00 00 00 00';
const KEY_A = 0xa1;
const KEY_B = 0xb2;
const WERO = 5;

describe('persistent reservations', () => {
  let node: LoneNode;
  const persist = (path: string, options: string) => node.sh(`sg_persist --no-inquiry ${options} ${path}.sg`);
  const out = (path: string, options: string) => persist(path, `--out ${options}`);
  const keys = async (path = A) =>
    [...(await persist(path, '--in --read-keys')).matchAll(/^\s+0x([0-9a-f]+)$/gm)].map(([, key]) => key);
  const reservation = async () => (await persist(A, '--in --read-reservation')).replace(/\s+/g, ' ');
  const register = (path: string, key: number, options = '') =>
    out(path, `--register-ignore --param-sark=${key.toString(16)} ${options}`);
  const write = async (path: string) =>
    (await node.machine.run(`dd if=/dev/zero of=${path} oflag=direct bs=4k count=1 status=none`)).code;
  /** Whether any byte of the disk's first MiBs, as B sees them, is that one. */
  const written = async (mib: number, byte: string) => {
    const [octal] = [parseInt(byte, 16).toString(8)];
    const others = `dd if=${B} iflag=direct bs=1M count=${mib} status=none | tr -dc '\\${octal}' | wc -c`;
    return Number(await node.sh(others)) > 0;
  };
  /** Unit attentions of both nexuses are taken, and udev, whose commands would take later ones, is done with the disks. */
  const calm = () =>
    eventually(async () => {
      await node.sh('udevadm settle');
      for (const path of [A, B]) expect(await scsi(node.machine, path, TEST_UNIT_READY)).toEqual({ status: 'GOOD' });
    });

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'uml' }, { 'pr.yaml': disk('pr', { sessions: ['a', 'b'] }) });
    await node.ready(A, B);
    await calm();
  });
  afterAll(() => node.stop());
  afterEach(() => node.machine.assertCleanKernel());

  it('go through all verbs of sg_persist', async () => {
    await register(A, KEY_A);
    await register(B, KEY_B);
    expect(await keys()).toEqual(['a1', 'b2']);
    expect(await persist(A, '--in --report-capabilities')).toMatch(/Write Exclusive, all registrants: 1/);
    await out(A, `--reserve --param-rk=${KEY_A.toString(16)} --prout-type=${WERO}`);
    expect(await reservation()).toMatch(/Key=0xa1 .*Write Exclusive, registrants only/);
    const status = await persist(A, '--in --read-full-status');
    expect(status.match(/Transport Id of initiator/g)).toHaveLength(2);
    expect(status).toMatch(/SAS address: 0x[0-9a-f]{16}/);
    await out(A, `--release --param-rk=${KEY_A.toString(16)} --prout-type=${WERO}`);
    expect(await scsi(node.machine, B, TEST_UNIT_READY)).toEqual({ status: 'CHECK CONDITION', sense: '06/2a/04' });
    await out(B, `--preempt --param-rk=${KEY_B.toString(16)} --param-sark=${KEY_A.toString(16)} --prout-type=${WERO}`);
    expect(await scsi(node.machine, A, TEST_UNIT_READY)).toEqual({ status: 'CHECK CONDITION', sense: '06/2a/05' });
    expect(await keys()).toEqual(['b2']);
    await out(B, `--clear --param-rk=${KEY_B.toString(16)}`);
    expect(await keys()).toEqual([]);
  });

  it('seq-06: pass the one-line check of virtualisation suites', async () => {
    await out(A, '--register --param-sark=123aaa');
    expect(await keys()).toEqual(['123aaa']);
    await out(A, `--reserve --param-rk=123aaa --prout-type=${WERO}`);
    expect(await reservation()).toMatch(/Key=0x123aaa .*Write Exclusive, registrants only/);
    await out(A, `--release --param-rk=123aaa --prout-type=${WERO}`);
    expect(await reservation()).toMatch(/there is NO reservation held/);
    await out(A, '--register --param-rk=123aaa --param-sark=0');
    expect(await keys()).toEqual([]);
  });

  it('seq-05: go through the cluster validation of Windows, pr-02: and are read as long as there is room', async () => {
    await out(A, '--register --param-sark=1');
    await out(A, '--register --param-rk=1 --param-sark=0');
    await out(A, '--register --param-sark=1');
    await out(A, `--reserve --param-rk=1 --prout-type=${WERO}`);
    expect(await reservation()).toMatch(/Key=0x1 /);
    const read = (length: string) => node.sh(`sg_raw -r 255 ${A}.sg 5e 01 00 00 00 00 00 00 ${length} 00 2>&1`);
    expect(await read('08')).toMatch(/Received 8 bytes[^]*00 00 00 10\s/);
    expect(await read('18')).toMatch(/Received 24 bytes/);
    expect(await read('ff')).toMatch(/Received 24 bytes/);
    expect(await write(B)).not.toBe(0);
    // The same key by chance.
    await out(B, '--register --param-sark=1');
    expect(await keys()).toEqual(['1', '1']);
    await out(B, '--register --param-rk=1 --param-sark=2');
    await out(B, `--preempt --param-rk=2 --param-sark=1 --prout-type=${WERO}`);
    await scsi(node.machine, A, TEST_UNIT_READY);
    expect(await write(A)).not.toBe(0);
    expect(await reservation()).toMatch(/Key=0x2 /);
    await out(B, `--release --param-rk=2 --prout-type=${WERO}`);
    await out(B, '--clear --param-rk=2');
    expect([await keys(), await reservation()]).toEqual([[], expect.stringMatching(/there is NO reservation held/)]);
    await calm().catch(() => undefined);
  });

  it('pr-03: leave no room for RESERVE(6) while there are registrations', async () => {
    await register(A, KEY_A);
    expect(await scsi(node.machine, B, '16 00 00 00 00 00')).toEqual({ status: 'RESERVATION CONFLICT' });
    await out(A, `--clear --param-rk=${KEY_A.toString(16)}`);
    expect(await scsi(node.machine, A, '16 00 00 00 00 00')).toEqual({ status: 'GOOD' });
    expect(await scsi(node.machine, A, '17 00 00 00 00 00')).toEqual({ status: 'GOOD' });
  });

  it('pr-04: let path checkers of a stranger through', async () => {
    await register(A, KEY_A);
    for (const [type, readable] of [
      [1, true],
      [3, false],
      [5, true],
      [6, false],
      [7, true],
      [8, false],
    ] as const) {
      await out(A, `--reserve --param-rk=${KEY_A.toString(16)} --prout-type=${type}`);
      const conflict = { status: 'RESERVATION CONFLICT' };
      const good = { status: 'GOOD' };
      const send = (cdb: string, data = '') => scsi(node.machine, B, cdb, data);
      expect(await send(TEST_UNIT_READY)).toEqual(good);
      expect(await send('12 00 00 00 24 00', '-r 36')).toEqual(good);
      expect(await send('5e 00 00 00 00 00 00 00 08 00', '-r 8')).toEqual(good);
      expect(await send('25 00 00 00 00 00 00 00 00 00', '-r 8')).toEqual(good);
      expect(await send('28 00 00 00 00 00 00 00 01 00', '-r 512')).toEqual(readable ? good : conflict);
      expect(await send('35 00 00 00 00 00 00 00 00 00')).toEqual(conflict);
      expect(await write(B)).not.toBe(0);
      await out(A, `--release --param-rk=${KEY_A.toString(16)} --prout-type=${type}`);
    }
    await out(A, `--clear --param-rk=${KEY_A.toString(16)}`);
    await calm().catch(() => undefined);
  });

  it('pr-05: fence a session that did not register, until it does', async () => {
    await register(A, KEY_A);
    await out(A, `--reserve --param-rk=${KEY_A.toString(16)} --prout-type=${WERO}`);
    expect(await write(B)).not.toBe(0);
    await node.sh(`dd if=${B} of=/dev/null iflag=direct bs=4k count=1 status=none`);
    await register(B, KEY_B);
    expect(await write(B)).toBe(0);
    expect(await write(A)).toBe(0);
    await out(A, `--clear --param-rk=${KEY_A.toString(16)}`);
    await calm().catch(() => undefined);
  });

  it('pr-01: let nothing of a preempted session land after the GOOD of PREEMPT AND ABORT, under load', async () => {
    const mib = 4;
    for (let round = 0; round < 5; round += 1) {
      await register(A, KEY_A);
      await register(B, KEY_B);
      await out(A, `--reserve --param-rk=${KEY_A.toString(16)} --prout-type=${WERO}`);
      const load = await node.machine.spawn(
        'exec fio --name=a --ioengine=libaio --direct=1 --bs=4k --rw=randwrite --iodepth=32 --time_based --runtime=60 ' +
          `--size=${mib}M --buffer_pattern=0xaa --filename=${A}`,
      );
      await eventually(async () => expect(await written(mib, 'aa')).toBe(true));
      await out(
        B,
        `--preempt-abort --param-rk=${KEY_B.toString(16)} --param-sark=${KEY_A.toString(16)} --prout-type=${WERO}`,
      );
      await node.sh(`dd if=/dev/zero of=${B} oflag=direct bs=1M count=${mib} status=none`);
      expect(await load.exited).not.toBe(0);
      expect(await written(mib, 'aa')).toBe(false);
      expect(await keys(B)).toEqual(['b2']);
      await out(B, `--clear --param-rk=${KEY_B.toString(16)}`);
      await calm().catch(() => undefined);
    }
  });

  it('pr-06: hold over the death of the engine without APTPL, and are gone after a reboot', async () => {
    await register(A, KEY_A);
    await out(A, `--reserve --param-rk=${KEY_A.toString(16)} --prout-type=${WERO}`);
    await node.replaceEngine(2);
    expect(await keys()).toEqual(['a1']);
    expect(await write(B)).not.toBe(0);
    await reboot();
    expect(await keys()).toEqual([]);
    expect(await write(B)).toBe(0);
  });

  it('pr-06: hold over a reboot with APTPL', async () => {
    await register(A, KEY_A, '--param-aptpl');
    await out(A, `--reserve --param-rk=${KEY_A.toString(16)} --prout-type=${WERO}`);
    await reboot();
    expect(await keys()).toEqual(['a1']);
    expect(await reservation()).toMatch(/Key=0xa1 .*Write Exclusive, registrants only/);
    expect(await write(B)).not.toBe(0);
    expect(await write(A)).toBe(0);
    await out(A, `--clear --param-rk=${KEY_A.toString(16)}`);
  });

  async function reboot(): Promise<void> {
    await node.machine.restart();
    await node.apply('pr.yaml', disk('pr', { sessions: ['a', 'b'] }));
    await node.startAgent();
    await node.ready(A, B);
    await calm();
  }
});

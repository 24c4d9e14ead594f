// The engine alone on a real kernel: configfs by shell commands, two sessions on one file, no agent.
import { startNode, type TestNode } from '../env/node/index.js';
import { eventually } from '../env/stack/eventually.js';
import { startEngine } from '../env/stack/node-processes.js';
import { built } from '../env/stack/paths.js';
import {
  PROTOCOL_VERSION,
  type EngineMethod,
  type EngineRequests,
  type EngineStatus,
  type RingConfiguration,
  type UnitConfiguration,
} from '../../node-agent/protocol/types.js';

jest.setTimeout(180_000);
const CORE = '/sys/kernel/config/target/core';
const LOOPBACK = '/sys/kernel/config/target/loopback';
const SIZE = 64 * 2 ** 20;
const IMAGE = '/var/lib/scst/disk.img';
/** Exit statuses of sg3-utils. */
const GOOD = 0;
const UNIT_ATTENTION = 6;
const DATA_PROTECT = 7;
const RESERVATION_CONFLICT = 24;

interface Session {
  ring: RingConfiguration;
  disk: string;
  sg: string;
}

let node: TestNode;
let first: Session;
let second: Session;

beforeAll(async () => {
  const modules = ['target_core_mod', 'target_core_user', 'tcm_loop', 'sg', 'sd_mod'];
  node = await startNode({ kernel: 'uml', name: 'engine', network: false, configfs: true, modules });
  await startEngine(node);
  const rings = [ringOf(7001), ringOf(7002)] as const;
  for (const ring of rings) await createBackstore(ring);
  await configure(unitWith([...rings]));
  first = await link(rings[0], 1);
  second = await link(rings[1], 2);
});
afterAll(() => node.stop());
afterEach(() => node.assertCleanKernel());

function ringOf(hba: number): RingConfiguration {
  return {
    hba: `user_${hba}`,
    backstore: 'disk',
    sessionUid: `session-${hba}`,
    lunUid: `lun-${hba}`,
    target: 'target',
    session: `session-${hba}`,
    lun: 0,
    readOnly: false,
    transportId: `0600000050000000000${hba.toString(16).padStart(5, '0')}`.padEnd(48, '0'),
    scsiTransportVersion: 0x0be0,
    physTransportVersion: 0,
    relTgtId: 1,
  };
}

function unitWith(rings: RingConfiguration[], changes: Partial<UnitConfiguration['vdiskFileio']> = {}) {
  const unit: UnitConfiguration = {
    uid: 'disk-uid',
    name: 'disk',
    generation: 1,
    handler: 'vdiskFileio',
    vdiskFileio: {
      filename: IMAGE,
      size: SIZE,
      blocksize: 512,
      readOnly: false,
      writeThrough: false,
      nvCache: false,
      removable: false,
      rotational: true,
      thinProvisioned: false,
      active: true,
      ...changes,
    },
    identity: {
      vendor: 'SCST_FIO',
      product: 'disk',
      revision: '3110',
      serial: '0123456789abcdef',
      t10DeviceId: 'disk',
      vendorSpecificId: 'disk',
      naa: '3123456789abcdef',
    },
    rings,
  };
  return unit;
}

/** One call of the protocol, by a client that runs in the guest. */
async function call<Method extends EngineMethod>(
  method: Method,
  params: EngineRequests[Method]['params'],
): Promise<EngineRequests[Method]['result']> {
  const program = `
    const { connectEngine } = require(${JSON.stringify(built('dist/node-agent/protocol/client.js'))});
    const { readFileSync } = require('node:fs');
    const params = JSON.parse(readFileSync(0, 'utf8'));
    const client = connectEngine({
      socketPath: '/run/scst/engine.sock',
      onStatusChanged: () => undefined,
      onConnectionChanged: (connected) => connected && client.call(${JSON.stringify(method)}, params).then(
        (result) => { console.log(JSON.stringify(result)); client.close(); },
        (error) => { console.error(error.message); process.exit(1); },
      ),
    });`;
  await node.write('/tmp/call.js', program);
  const output = await node.sh(`${process.execPath} /tmp/call.js`, { input: JSON.stringify(params) });
  return JSON.parse(output) as EngineRequests[Method]['result'];
}

function configure(...units: UnitConfiguration[]): Promise<EngineStatus> {
  return call('configure', { protocolVersion: PROTOCOL_VERSION, units });
}

async function createBackstore({ hba, backstore }: RingConfiguration): Promise<void> {
  const control = `dev_config=scst/disk,dev_size=${SIZE},hw_block_size=512,nl_reply_supported=-1,cmd_ring_size_mb=1`;
  await node.sh(`set -e
    mkdir -p ${CORE}/${hba}/${backstore}; cd ${CORE}/${hba}/${backstore}
    echo ${control} > control
    echo 0 > attrib/pgr_support; echo 0 > attrib/alua_support
    echo 1 > attrib/tmr_notification; echo 120 > attrib/cmd_time_out
    echo 1 > enable`);
}

async function link(ring: RingConfiguration, number: number): Promise<Session> {
  const target = `${LOOPBACK}/naa.500000000000000${number}/tpgt_1`;
  await node.sh(`set -e
    mkdir -p ${target}; echo naa.600000000000000${number} > ${target}/nexus
    mkdir ${target}/lun/lun_0; ln -s ${CORE}/${ring.hba}/${ring.backstore} ${target}/lun/lun_0/disk`);
  const address = (await node.sh(`cat ${target}/address`)).trim();
  const device = `/sys/class/scsi_device/${address}:0/device`;
  const disk = await eventually(() => node.sh(`ls ${device}/block`));
  const sg = await eventually(() => node.sh(`ls ${device}/scsi_generic`));
  return { ring, disk: `/dev/${disk.trim()}`, sg: `/dev/${sg.trim()}` };
}

/** Exit status of sg_raw with the CDB. */
async function send({ sg }: Session, cdb: string, options = ''): Promise<number> {
  return (await node.run(`sg_raw ${options} ${sg} ${cdb}`)).code;
}
const testUnitReady = (session: Session) => send(session, '00 00 00 00 00 00');
const reserve = (session: Session) => send(session, '16 00 00 00 00 00');
const release = (session: Session) => send(session, '17 00 00 00 00 00');
/** Takes what is pending on the nexus: one condition a command. */
async function settle(session: Session): Promise<void> {
  await eventually(async () => {
    const status = await testUnitReady(session);
    if (status !== GOOD) throw new Error(`TEST UNIT READY ends with ${status}`);
  });
}

async function killEngine(signal: string): Promise<void> {
  const pid = (await call('status', {})).pid;
  await node.sh(`kill -${signal} ${pid}; tail --pid=${pid} -s 0.05 -f /dev/null`);
}
async function served(): Promise<EngineStatus> {
  return await eventually(async () => {
    const status = await call('status', {});
    const states = status.units.flatMap(({ rings }) => rings.map(({ state }) => state));
    if (states.length !== 2 || states.some((state) => state !== 'Attached')) throw new Error(JSON.stringify(status));
    return status;
  });
}

it('carries a file system, and what is written through one session is read through the other', async () => {
  await node.sh(`set -e
    mkfs.ext4 -q ${first.disk}; mkdir -p /mnt/a; mount ${first.disk} /mnt/a
    head -c 5000000 /dev/urandom > /tmp/random; cp /tmp/random /mnt/a/; umount /mnt/a
    mount -o ro ${second.disk} /mnt/a; cmp /tmp/random /mnt/a/random; umount /mnt/a
    cmp ${first.disk} ${IMAGE}`);
});

it('keeps the other session out while one has reserved the device', async () => {
  await settle(first);
  await settle(second);
  expect(await reserve(first)).toBe(GOOD);
  const write = ['2a 00 00 00 00 00 00 00 01 00', '-s 512 -i /dev/zero'] as const;
  expect(await send(second, ...write)).toBe(RESERVATION_CONFLICT);
  expect(await send(first, ...write)).toBe(GOOD);
  expect(await release(first)).toBe(GOOD);
  expect(await send(second, ...write)).toBe(GOOD);
});

it('a reset by one session ends the reservation of the other and tells it', async () => {
  await settle(first);
  await settle(second);
  expect(await reserve(first)).toBe(GOOD);
  expect(await testUnitReady(second)).toBe(RESERVATION_CONFLICT);
  await node.sh(`sg_reset -d ${second.sg}`);
  await settle(second);
  expect(await testUnitReady(first)).toBe(UNIT_ATTENTION);
  expect(await testUnitReady(first)).toBe(GOOD);
});

it('a reservation and its absence of unit attentions outlive kill -9 of the engine', async () => {
  await settle(first);
  await settle(second);
  expect(await reserve(first)).toBe(GOOD);
  await killEngine('KILL');
  await startEngine(node);
  await served();
  expect(await testUnitReady(second)).toBe(RESERVATION_CONFLICT);
  expect(await testUnitReady(first)).toBe(GOOD);
  expect(await release(first)).toBe(GOOD);
});

it('a second engine stands by and takes over when the first one ends', async () => {
  const before = await served();
  await startEngine(node);
  const standBy = async () => (await node.sh('grep -c stand-by /run/scst-engine.log')).trim();
  await eventually(standBy);
  expect((await call('status', {})).pid).toBe(before.pid);
  await killEngine('TERM');
  expect((await served()).pid).not.toBe(before.pid);
  await settle(first);
});

it('a session made read-only at run time is told so, and the other goes on writing', async () => {
  await settle(first);
  await settle(second);
  await configure(unitWith([{ ...first.ring, readOnly: true }, second.ring]));
  expect(await testUnitReady(first)).toBe(UNIT_ATTENTION);
  const write = ['2a 00 00 00 00 00 00 00 01 00', '-s 512 -i /dev/zero'] as const;
  expect(await send(first, ...write)).toBe(DATA_PROTECT);
  expect(await send(second, ...write)).toBe(GOOD);
  await configure(unitWith([first.ring, second.ring]));
  await settle(first);
});

it('the device made read-only opens its file for reading, locked all the same, and back', async () => {
  expect((await configure(unitWith([first.ring, second.ring], { readOnly: true }))).units).toMatchObject([
    { state: 'Ready' },
  ]);
  await eventually(async () =>
    expect(await send(second, '2a 00 00 00 00 00 00 00 01 00', '-s 512 -i /dev/zero')).toBe(DATA_PROTECT),
  );
  expect(await node.sh('cat /proc/locks')).toMatch(/OFDLCK\s+ADVISORY\s+READ/);
  expect((await configure(unitWith([first.ring, second.ring]))).units).toMatchObject([{ state: 'Ready' }]);
  await settle(second);
  expect(await send(second, '2a 00 00 00 00 00 00 00 01 00', '-s 512 -i /dev/zero')).toBe(GOOD);
});

it('grows under a mounted file system', async () => {
  await node.sh(`mkfs.ext4 -q -F ${first.disk} && mkdir -p /mnt/a && mount ${first.disk} /mnt/a && sync /mnt/a`);
  const size = 2 * SIZE;
  expect((await configure(unitWith([first.ring, second.ring], { size }))).units).toMatchObject([{ size }]);
  await node.sh(`echo 1 > /sys/class/block/$(basename ${first.disk})/device/rescan`);
  expect(Number(await node.sh(`blockdev --getsize64 ${first.disk}`))).toBe(size);
  await node.sh(
    `resize2fs ${first.disk} && head -c 80000000 /dev/zero > /mnt/a/large && umount /mnt/a && e2fsck -fn ${first.disk}`,
  );
});

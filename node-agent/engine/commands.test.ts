// Commands and task management functions that rings hand over, up to their completion.
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NEXUS_FLAG } from '../native/types.js';
import { STATUS } from '../scsi/index.js';
import {
  codeOf,
  configurationOf,
  RESERVE,
  ringConfiguration,
  TEST_UNIT_READY,
  TestNode,
  until,
} from './test-support.js';

const SYNCHRONIZE_CACHE = [0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const WRITE_ONE_BLOCK = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const READ_ONE_BLOCK = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const ring1 = ringConfiguration(1);
const ring2 = ringConfiguration(2);
const bothRings = { rings: [ring1, ring2] };

let node: TestNode;
beforeEach(() => (node = new TestNode()));
afterEach(() => node.end());

describe('commands', () => {
  test('data written is read back', async () => {
    node.kernel.add(ring1);
    await (await node.startEngine()).configure(configurationOf(node.unit()));
    const ring = await node.readyRing();
    expect(codeOf(await ring.send(WRITE_ONE_BLOCK, new Uint8Array(512).fill(7)))).toBe('status 0');
    const { status, data } = await ring.send(READ_ONE_BLOCK, undefined, 512);
    expect(status).toBe(STATUS.good);
    expect(Buffer.from(data ?? [])).toEqual(Buffer.alloc(512, 7));
  });

  test('a reservation is on the flags of the other nexus before its command is answered', async () => {
    node.kernel.add(ring1);
    node.kernel.add(ring2);
    await (await node.startEngine()).configure(configurationOf(node.unit(bothRings)));
    const [first, second] = [await node.readyRing(0), await node.readyRing(1)];
    expect(second.flags).toBe(0);
    await first.send(RESERVE);
    expect(second.flags).toBe(NEXUS_FLAG.writeBlocked | NEXUS_FLAG.accessBlocked);
    expect(first.flags).toBe(0);
    await until(() => node.units[0]?.gate === 0);
  });

  test('a reservation outlives the engine, and is on the flags from the first moment', async () => {
    node.kernel.add(ring1);
    node.kernel.add(ring2);
    await (await node.startEngine()).configure(configurationOf(node.unit(bothRings)));
    const first = await node.readyRing(0);
    await node.readyRing(1);
    await first.send(RESERVE);
    await node.startEngine();
    expect(node.units[0]?.rings).toHaveLength(2);
    expect(node.ring(0).options.flags).toBe(0);
    expect(node.ring(1).options.flags).toBe(NEXUS_FLAG.writeBlocked | NEXUS_FLAG.accessBlocked);
    expect(codeOf(await node.ring(1).send(TEST_UNIT_READY))).toBe('status 18');
  });

  test('a failure of the fast path is a medium error, and not tried again', async () => {
    node.kernel.add(ring1);
    await (await node.startEngine()).configure(configurationOf(node.unit()));
    const ring = await node.readyRing();
    const failing = (operation: string, errno: number) =>
      ring.send(WRITE_ONE_BLOCK, new Uint8Array(512).fill(7), 0, { failure: { operation, errno } });
    expect(codeOf(await failing('write', 28))).toBe('7/27/7');
    expect(codeOf(await failing('read', 5))).toBe('3/11/0');
    expect(codeOf(await failing('write', 5))).toBe('3/c/0');
    expect(readFileSync(join(node.directory, 'unit1.img')).some((byte) => byte !== 0)).toBe(false);
  });

  test('a failed flush stays through the engine’s death, is told, and ends with active: false and true', async () => {
    node.kernel.add(ring1);
    const unit = node.unit();
    const inactive = { ...unit, vdiskFileio: { ...unit.vdiskFileio, active: false } };
    await (await node.startEngine()).configure(configurationOf(unit));
    const first = await node.readyRing();
    const failure = { operation: 'flush', errno: 28 };
    expect(codeOf(await first.send(SYNCHRONIZE_CACHE, undefined, 0, { failure }))).toBe('3/c/0');

    const engine = await node.startEngine();
    const ring = node.ring();
    expect(ring.options.flags).toBe(NEXUS_FLAG.writeBlocked);
    expect(codeOf(await ring.send(WRITE_ONE_BLOCK, new Uint8Array(512).fill(7)))).toBe('3/c/0');
    expect(codeOf(await ring.send(READ_ONE_BLOCK, undefined, 512))).toBe('status 0');
    expect((await engine.status()).units[0]).toMatchObject({ state: 'Failed', reason: 'WritesLost' });

    await engine.configure(configurationOf(inactive));
    expect((await engine.configure(configurationOf(unit))).units[0]).toMatchObject({ state: 'Ready' });
    expect(codeOf(await ring.send(TEST_UNIT_READY))).toBe('6/28/0');
    expect(codeOf(await ring.send(WRITE_ONE_BLOCK, new Uint8Array(512).fill(7)))).toBe('status 0');
  });

  test('disk-09: a file that was cut fails to read, is told, and ends with active: false and true', async () => {
    node.kernel.add(ring1);
    const unit = node.unit();
    const engine = await node.startEngine();
    await engine.configure(configurationOf(unit));
    const ring = await node.readyRing();
    truncateSync(join(node.directory, 'unit1.img'), 100);
    const failure = { operation: 'read', errno: 61 };
    expect(codeOf(await ring.send(READ_ONE_BLOCK, undefined, 512, { failure }))).toBe('3/11/0');
    expect((await engine.status()).units[0]).toMatchObject({ state: 'Failed', reason: 'BackingTruncated' });
    await engine.configure(configurationOf({ ...unit, vdiskFileio: { ...unit.vdiskFileio, active: false } }));
    expect((await engine.configure(configurationOf(unit))).units[0]).toMatchObject({ state: 'Ready' });
  });

  test('an inactive device has its file closed, answers as NOT READY, and takes what changed meanwhile', async () => {
    node.kernel.add(ring1);
    const unit = node.unit();
    const inactive = { ...unit, vdiskFileio: { ...unit.vdiskFileio, active: false } };
    const engine = await node.startEngine();
    await engine.configure(configurationOf(unit));
    const ring = await node.readyRing();
    await ring.send(WRITE_ONE_BLOCK, new Uint8Array(512).fill(7));
    const { units } = await engine.configure(configurationOf(inactive));
    expect(units[0]).toMatchObject({ state: 'Failed', reason: 'Inactive', size: undefined });
    expect(node.units[0]?.options).toMatchObject({ fd: -1, blocks: 0n });
    expect(codeOf(await ring.send(READ_ONE_BLOCK, undefined, 512))).toBe('2/4/3');

    // The next engine of an inactive device serves its rings as well.
    const next = await node.startEngine();
    expect(codeOf(await node.ring().send(TEST_UNIT_READY))).toBe('2/4/3');
    writeFileSync(unit.vdiskFileio.filename, Buffer.alloc(131_072, 9));
    const grown = { ...unit, vdiskFileio: { ...unit.vdiskFileio, size: 131_072 } };
    expect((await next.configure(configurationOf(grown))).units[0]).toMatchObject({ state: 'Ready', size: 131_072 });
    const codes = [await node.ring().send(TEST_UNIT_READY), await node.ring().send(TEST_UNIT_READY)].map(codeOf);
    expect(codes.sort()).toEqual(['6/28/0', '6/2a/9']);
    const { data } = await node.ring().send(READ_ONE_BLOCK, undefined, 512);
    expect(data?.[0]).toBe(9);
  });

  test('a throw of the SCSI layer is a hardware error of that command alone', async () => {
    node.kernel.add(ring1);
    await (await node.startEngine()).configure(configurationOf(node.unit()));
    const ring = await node.readyRing();
    const unreadable = Object.defineProperty(new Uint8Array(512), 'length', {
      get: () => {
        throw new Error('a defect');
      },
    });
    expect(codeOf(await ring.send(WRITE_ONE_BLOCK, unreadable))).toBe('4/44/0');
    expect(codeOf(await ring.send(TEST_UNIT_READY))).toBe('status 0');
  });

  test('clearing WCE reaches the fast path before the command is answered', async () => {
    node.kernel.add(ring1);
    await (await node.startEngine()).configure(configurationOf(node.unit()));
    const ring = await node.readyRing();
    expect(node.units[0]?.options.writeCache).toBe(true);
    const sense = await ring.send([0x1a, 8, 8, 0, 255, 0], undefined, 255);
    const page = Buffer.from(sense.data ?? []).subarray(4);
    page[0] = (page[0] ?? 0) & 0x3f;
    page[2] = (page[2] ?? 0) & ~4;
    const list = Buffer.concat([Buffer.alloc(4), page]);
    expect(codeOf(await ring.send([0x15, 0x10, 0, 0, list.length, 0], list))).toBe('status 0');
    expect(node.units[0]?.options.writeCache).toBe(false);
  });
});

describe('task management', () => {
  test('a reset drops the reservation and tells the other nexus', async () => {
    node.kernel.add(ring1);
    node.kernel.add(ring2);
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit(bothRings)));
    const [first, second] = [await node.readyRing(0), await node.readyRing(1)];
    await first.send(RESERVE);
    second.emit({ kind: 'taskManagement', type: 5, ids: [] });
    await until(() => second.flags === 0);
    expect(codeOf(await second.send(TEST_UNIT_READY))).toBe('status 0');
    expect(codeOf(await first.send(TEST_UNIT_READY))).toBe('6/29/3');
    expect((await engine.status()).units[0]?.rings.map(({ counters }) => counters?.resets)).toEqual([0, 1]);
  });

  test('a reset ends waiting commands of every nexus as aborted, and lets the running one finish', async () => {
    node.kernel.add(ring1);
    node.kernel.add(ring2);
    await (await node.startEngine()).configure(configurationOf(node.unit(bothRings)));
    const [first, second] = [await node.readyRing(0), await node.readyRing(1)];
    const running = first.send(WRITE_ONE_BLOCK, new Uint8Array(512).fill(7));
    const waiting = [second.send(RESERVE), first.send(READ_ONE_BLOCK, undefined, 512)];
    second.emit({ kind: 'taskManagement', type: 5, ids: [] });
    expect((await Promise.all(waiting)).map(codeOf)).toEqual(['status 40', 'status 40']);
    expect(codeOf(await running)).toBe('status 0');
    await until(() => first.flags === NEXUS_FLAG.unitAttention);
    expect(node.units[0]?.gate).toBe(0);
  });

  test.each([
    ['0', 0x00, '6/2f/0'],
    ['1', 0x40, 'status 0'],
  ])('commands that another nexus clears are told of by unit attention as TAS=%s says', async (_, tas, next) => {
    node.kernel.add(ring1);
    node.kernel.add(ring2);
    const { vdiskFileio } = node.unit();
    const oneTaskSet = node.unit({ ...bothRings, vdiskFileio: { ...vdiskFileio, taskSetPerNexus: false } });
    await (await node.startEngine()).configure(configurationOf(oneTaskSet));
    const [first, second] = [await node.readyRing(0), await node.readyRing(1)];
    const { data } = await first.send([0x1a, 8, 0x0a, 0, 255, 0], undefined, 255);
    const page = Buffer.from(data ?? []).subarray(4);
    page[0] = (page[0] ?? 0) & 0x3f;
    page[5] = ((page[5] ?? 0) & ~0x40) | tas;
    const list = Buffer.concat([Buffer.alloc(4), page]);
    await first.send([0x15, 0x10, 0, 0, list.length, 0], list);
    await second.send(TEST_UNIT_READY);
    const running = second.send(RESERVE);
    const cleared = [first.send(READ_ONE_BLOCK, undefined, 512), second.send(READ_ONE_BLOCK, undefined, 512)];
    second.emit({ kind: 'taskManagement', type: 4, ids: [] });
    expect((await Promise.all(cleared)).map(codeOf)).toEqual(['status 40', 'status 40']);
    await running;
    await second.send([0x17, 0, 0, 0, 0, 0]);
    expect([codeOf(await second.send(TEST_UNIT_READY)), codeOf(await first.send(TEST_UNIT_READY))]).toEqual([
      'status 0',
      next,
    ]);
  });

  test('a nexus with a task set of its own clears nothing of others', async () => {
    node.kernel.add(ring1);
    node.kernel.add(ring2);
    await (await node.startEngine()).configure(configurationOf(node.unit(bothRings)));
    const [first, second] = [await node.readyRing(0), await node.readyRing(1)];
    const running = second.send([0x17, 0, 0, 0, 0, 0]);
    const waiting = [first.send(READ_ONE_BLOCK, undefined, 512), second.send(READ_ONE_BLOCK, undefined, 512)];
    second.emit({ kind: 'taskManagement', type: 4, ids: [] });
    expect((await Promise.all(waiting)).map(codeOf)).toEqual(['status 0', 'status 40']);
    await running;
  });

  test('an abort ends the named command if it still waits, and only on its ring', async () => {
    node.kernel.add(ring1);
    node.kernel.add(ring2);
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit(bothRings)));
    const [first, second] = [await node.readyRing(0), await node.readyRing(1)];
    const reserve = first.send(RESERVE);
    const [named, sameIdElsewhere] = [first.send(TEST_UNIT_READY), second.send([0x17, 0, 0, 0, 0, 0])];
    expect(named.id).toBe(sameIdElsewhere.id + 1);
    first.emit({ kind: 'taskManagement', type: 1, ids: [named.id, sameIdElsewhere.id] });
    expect(codeOf(await named)).toBe('status 40');
    expect(codeOf(await sameIdElsewhere)).toBe('status 0');
    expect(['status 0', 'status 40']).toContain(codeOf(await reserve));
    expect((await engine.status()).units[0]?.rings[0]?.counters?.aborts).toBe(1);
  });
});

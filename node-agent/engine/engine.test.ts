// The engine with a kernel and an add-on in memory, the real SCSI layer and real files.
import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NEXUS_FLAG } from '../native/types.js';
import type { StoredRunState } from './run-state.js';
import {
  codeOf,
  configurationOf,
  RESERVE,
  ringConfiguration,
  ringStates,
  TEST_UNIT_READY,
  TestNode,
  until,
} from './test-support.js';

const WRITE_ONE_BLOCK = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const ring1 = ringConfiguration(1);
const ring2 = ringConfiguration(2);
const bothRings = { rings: [ring1, ring2] };

let node: TestNode;
beforeEach(() => (node = new TestNode()));
afterEach(() => node.end());

describe('configure', () => {
  test('opens the backing and takes the ring over in the order that loses no command', async () => {
    node.kernel.add(ring1);
    const status = await (await node.startEngine()).configure(configurationOf(node.unit()));
    expect(status.units).toMatchObject([{ uid: 'unit1', generation: 1, state: 'Ready', size: 65_536 }]);
    expect(status.units[0]?.rings).toMatchObject([{ state: 'Attached', counters: { foundAtAttach: 3 } }]);
    expect(node.kernel.actions).toEqual([
      'open user_1/lun1',
      'block_dev=1 user_1/lun1',
      'reset_ring=1 user_1/lun1',
      'block_dev=0 user_1/lun1',
    ]);
  });

  test('the same configuration again touches nothing', async () => {
    node.kernel.add(ring1);
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit()));
    const before = [...node.kernel.actions];
    const ring = await node.readyRing();
    await engine.configure(configurationOf(node.unit()));
    expect(node.kernel.actions).toEqual(before);
    expect(node.units).toHaveLength(1);
    expect(codeOf(await ring.send(TEST_UNIT_READY))).toBe('status 0');
  });

  test('a file whose lock has no answer, as on a server that is gone, holds up no other unit', async () => {
    node.kernel.add(ring1);
    node.kernel.add(ring2);
    const engine = await node.startEngine();
    let answer: () => void = () => undefined;
    node.lockAnswers = new Promise((resolve) => (answer = resolve));
    const other = node.unit({ uid: 'unit2', rings: [ring2] });
    const configured = engine.configure(configurationOf(node.unit(), other));
    await until(() => node.units.length === 1);
    const states = (await engine.status()).units.map(({ state }) => state);
    expect(states.sort()).toEqual(['Failed', 'Ready']);
    expect(codeOf(await node.ring().send(TEST_UNIT_READY))).toBe('6/29/0');
    answer();
    expect((await configured).units).toMatchObject([{ state: 'Ready' }, { state: 'Ready' }]);
  });

  test('a ring whose device comes later is attached by itself', async () => {
    const engine = await node.startEngine();
    expect(ringStates(await engine.configure(configurationOf(node.unit())))).toEqual(['Waiting']);
    node.kernel.add(ring1);
    await until(() => node.units[0]?.rings.length === 1);
    expect(ringStates(await engine.status())).toEqual(['Attached']);
  });

  test('a ring that an older engine has open is waited for and never reset', async () => {
    node.kernel.add(ring1);
    node.kernel.busy.add('user_1/lun1');
    const engine = await node.startEngine();
    expect(ringStates(await engine.configure(configurationOf(node.unit())))).toEqual(['Waiting']);
    expect(node.kernel.actions).toEqual([]);
    node.kernel.busy.clear();
    await until(() => node.units[0]?.rings.length === 1);
  });

  test('one unit that is refused leaves the other alone, says why, and recovers when the cause is gone', async () => {
    node.kernel.add(ring1);
    node.kernel.add(ring2);
    const path = join(node.directory, 'bad.img');
    writeFileSync(path, Buffer.alloc(1000));
    const good = node.unit({ uid: 'good', rings: [ring2] });
    const bad = node.unit({ uid: 'bad', generation: 7 });
    bad.vdiskFileio = { ...bad.vdiskFileio, filename: path, size: undefined };
    const engine = await node.startEngine();
    const { units } = await engine.configure(configurationOf(bad, good));
    expect(units).toMatchObject([
      { uid: 'bad', state: 'Failed', reason: 'SizeNotMultiple', generation: 7, rings: [{ state: 'Waiting' }] },
      { uid: 'good', state: 'Ready', rings: [{ state: 'Attached' }] },
    ]);
    truncateSync(path, 1024);
    await until(() => node.units.length === 2 && node.units[1]?.rings.length === 1);
    expect((await engine.status()).units).toMatchObject([{ state: 'Ready' }, { state: 'Ready' }]);
  });

  test('a disk without a size of its own grows with its file by whole blocks, and does not shrink with it', async () => {
    node.kernel.add(ring1);
    const path = join(node.directory, 'own.img');
    writeFileSync(path, Buffer.alloc(1024));
    const own = node.unit();
    own.vdiskFileio = { ...own.vdiskFileio, filename: path, size: undefined };
    const engine = await node.startEngine();
    await engine.configure(configurationOf(own));
    const ring = await node.readyRing();
    truncateSync(path, 2048);
    await until(async () => (await engine.status()).units[0]?.size === 2048);
    expect(codeOf(await ring.send(TEST_UNIT_READY))).toBe('6/2a/9');
    for (const bytes of [2500, 1024]) {
      truncateSync(path, bytes);
      await sleep(50);
      expect((await engine.status()).units).toMatchObject([{ state: 'Ready', size: 2048 }]);
    }
    truncateSync(path, 4096);
    await until(async () => (await engine.status()).units[0]?.size === 4096);
  });

  test('two wishes for one ring are refused as a whole', async () => {
    const engine = await node.startEngine();
    await expect(engine.configure(configurationOf(node.unit(), node.unit({ uid: 'other' })))).rejects.toThrow(
      /user_1\/lun1 twice/,
    );
    expect((await engine.status()).units).toEqual([]);
  });

  test('two units on one file: the second is refused and named the first', async () => {
    const first = node.unit();
    const second = node.unit({ uid: 'other', rings: [ring2], vdiskFileio: first.vdiskFileio });
    const engine = await node.startEngine();
    await engine.configure(configurationOf(first));
    const { units } = await engine.configure(configurationOf(first, second));
    expect(units).toMatchObject([{ state: 'Ready' }, { state: 'Failed', reason: 'BackingInUse' }]);
    expect(units[1]?.message).toContain('device-unit1');
  });
});

describe('letting go', () => {
  test('what must not be forgotten is kept from the first nexus on, and what was left is brought up to date', async () => {
    const path = join(node.directory, 'units/unit1.json');
    const nexuses = () =>
      Object.keys((JSON.parse(readFileSync(path, 'utf8')) as StoredRunState).snapshot.nexuses).length;
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit({ rings: [] })));
    expect(existsSync(path)).toBe(false);
    await engine.configure(configurationOf(node.unit()));
    expect(nexuses()).toBe(1);
    await engine.shutdown();
    rmSync(join(node.directory, 'engine.json'));
    await (await node.startEngine()).configure(configurationOf(node.unit({ rings: [] })));
    expect(nexuses()).toBe(0);
  });

  test('a removed unit is served until its ring is gone, then closed with nothing left behind', async () => {
    node.kernel.add(ring1);
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit()));
    const ring = await node.readyRing();
    expect(ringStates(await engine.configure(configurationOf()))).toEqual(['Attached']);
    expect(codeOf(await ring.send(TEST_UNIT_READY))).toBe('status 0');
    node.kernel.remove(ring1);
    ring.emit({ kind: 'gone' });
    await until(() => node.units[0]?.closed === true);
    await until(() => !existsSync(join(node.directory, 'units', 'unit1.json')));
    expect((await engine.status()).units).toEqual([]);
  });

  test('a removed unit whose ring never came is closed at once', async () => {
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit()));
    expect((await engine.configure(configurationOf())).units).toEqual([]);
    expect(node.units[0]?.closed).toBe(true);
  });

  test('the reservation of a nexus ends with its ring', async () => {
    node.kernel.add(ring1);
    node.kernel.add(ring2);
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit(bothRings)));
    const [first, second] = [await node.readyRing(0), await node.readyRing(1)];
    expect(codeOf(await first.send(RESERVE))).toBe('status 0');
    expect(codeOf(await second.send(TEST_UNIT_READY))).toBe('status 18');
    await engine.configure(configurationOf(node.unit({ rings: [ring2] })));
    node.kernel.remove(ring1);
    first.emit({ kind: 'gone' });
    await until(() => second.flags === 0);
    expect(codeOf(await second.send(TEST_UNIT_READY))).toBe('status 0');
  });

  test('a ring whose device is made anew is attached again', async () => {
    node.kernel.add(ring1);
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit()));
    node.kernel.remove(ring1);
    node.ring().emit({ kind: 'gone' });
    await until(() => node.ring().stopped);
    expect(ringStates(await engine.status())).toEqual(['Waiting']);
    node.kernel.add(ring1);
    await until(() => node.units[0]?.rings.length === 2);
  });

  test('a broken ring is stopped, reported and reset', async () => {
    node.kernel.add(ring1);
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit()));
    node.ring().emit({ kind: 'failed', message: 'the ring is broken' });
    expect((await engine.status()).units[0]?.rings).toMatchObject([{ state: 'Failed', message: 'the ring is broken' }]);
    await until(() => node.units[0]?.rings.length === 2);
    expect(node.kernel.actions.filter((action) => action.startsWith('reset_ring'))).toHaveLength(2);
  });
});

describe('a changed configuration', () => {
  test('another identity is announced on each nexus', async () => {
    node.kernel.add(ring1);
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit()));
    const ring = await node.readyRing();
    const changed = node.unit({ generation: 2 });
    changed.identity = { ...changed.identity, serial: 'other' };
    expect((await engine.configure(configurationOf(changed))).units).toMatchObject([{ generation: 2 }]);
    expect(codeOf(await ring.send(TEST_UNIT_READY))).toBe('6/3f/3');
  });

  test('a larger size grows the file under the running ring and is announced', async () => {
    node.kernel.add(ring1);
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit()));
    const ring = await node.readyRing();
    const changed = node.unit();
    changed.vdiskFileio = { ...changed.vdiskFileio, size: 131_072 };
    expect((await engine.configure(configurationOf(changed))).units).toMatchObject([{ size: 131_072 }]);
    expect(statSync(join(node.directory, 'unit1.img')).size).toBe(131_072);
    expect(node.units[0]?.options.blocks).toBe(256n);
    expect(codeOf(await ring.send(TEST_UNIT_READY))).toBe('6/2a/9');
    expect(ring.stopped).toBe(false);
  });

  test('a smaller size is refused, and the device goes on as it was', async () => {
    node.kernel.add(ring1);
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit()));
    const ring = await node.readyRing();
    const changed = node.unit();
    changed.vdiskFileio = { ...changed.vdiskFileio, size: 32_768 };
    expect((await engine.configure(configurationOf(changed))).units).toMatchObject([
      { state: 'Failed', reason: 'SizeTooSmall', size: 65_536, rings: [{ state: 'Attached' }] },
    ]);
    expect(codeOf(await ring.send(TEST_UNIT_READY))).toBe('status 0');
    expect((await engine.configure(configurationOf(node.unit()))).units).toMatchObject([{ state: 'Ready' }]);
  });

  test('write protection of one session is on its flags and announced to it alone', async () => {
    node.kernel.add(ring1);
    node.kernel.add(ring2);
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit(bothRings)));
    const [first, second] = [await node.readyRing(0), await node.readyRing(1)];
    await engine.configure(configurationOf(node.unit({ rings: [{ ...ring1, readOnly: true }, ring2] })));
    expect(first.flags & NEXUS_FLAG.readOnly).not.toBe(0);
    expect(second.flags).toBe(0);
    expect(codeOf(await first.send(TEST_UNIT_READY))).toBe('6/2a/1');
    expect(codeOf(await first.send(WRITE_ONE_BLOCK, new Uint8Array(512)))).toBe('7/27/0');
  });

  test('write-through turns the write cache off although the initiator never asked', async () => {
    node.kernel.add(ring1);
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit()));
    await node.readyRing();
    const changed = node.unit();
    changed.vdiskFileio = { ...changed.vdiskFileio, writeThrough: true };
    await engine.configure(configurationOf(changed));
    expect(node.units[0]?.options.writeCache).toBe(false);
  });
});

describe('the end', () => {
  test('shutdown stops the rings, leaves them unblocked and answers no command that comes late', async () => {
    node.kernel.add(ring1);
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit()));
    const ring = await node.readyRing();
    await engine.shutdown();
    expect(ring.stopped).toBe(true);
    expect(node.units[0]?.closed).toBe(true);
    expect(node.kernel.actions.at(-1)).toBe('block_dev=0 user_1/lun1');
  });

  test('drain goes on serving', async () => {
    node.kernel.add(ring1);
    const engine = await node.startEngine();
    await engine.configure(configurationOf(node.unit()));
    const ring = await node.readyRing();
    expect(ringStates(await engine.drain())).toEqual(['Attached']);
    expect(codeOf(await ring.send(TEST_UNIT_READY))).toBe('status 0');
  });

  test('a file is reclaimed only when its device is gone', async () => {
    const engine = await node.startEngine();
    const { vdiskFileio } = node.unit();
    await engine.configure(configurationOf(node.unit()));
    expect(await engine.reclaim({ filename: vdiskFileio.filename, uid: 'unit1' })).toMatchObject({ deleted: false });
    await engine.configure(configurationOf());
    expect(await engine.reclaim({ filename: vdiskFileio.filename, uid: 'unit1' })).toEqual({ deleted: true });
    expect(existsSync(vdiskFileio.filename)).toBe(false);
  });
});

test('a ring that was still being let go when the engine died is let go by the next one', async () => {
  node.kernel.add(ring1);
  node.kernel.add(ring2);
  const engine = await node.startEngine();
  await engine.configure(configurationOf(node.unit(bothRings)));
  await engine.configure(configurationOf(node.unit({ rings: [ring2] })));
  const successor = await node.startEngine();
  expect(ringStates(await successor.status())).toEqual(['Attached', 'Attached']);
  node.kernel.remove(ring1);
  node.ring(0).emit({ kind: 'gone' });
  await until(() => node.ring(0).stopped);
  await successor.configure(configurationOf(node.unit({ rings: [ring2] })));
  expect(ringStates(await successor.status())).toEqual(['Attached']);
});

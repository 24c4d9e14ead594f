// What the device's owner does with a unit in use, up to what its commands and its status say.
import { STATUS } from '../scsi/index.js';
import { codeOf, configurationOf, ringConfiguration, TEST_UNIT_READY, TestNode } from './test-support.js';

const READ_ONE_BLOCK = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
/** tcmu_tmr_type. */
const LOGICAL_UNIT_RESET = 5;
const INQUIRY = [0x12, 0, 0, 0, 36, 0];
const ring1 = ringConfiguration(1);

let node: TestNode;
beforeEach(() => {
  node = new TestNode();
  node.kernel.add(ring1);
});
afterEach(() => node.end());

/** Whether a command has been answered by now. */
async function answered(command: Promise<unknown>): Promise<boolean> {
  let done = false;
  void command.then(() => (done = true));
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return done;
}
async function serving(properties = {}) {
  const unit = node.unit();
  const configuration = configurationOf({ ...unit, vdiskFileio: { ...unit.vdiskFileio, ...properties } });
  const engine = await node.startEngine();
  await engine.configure(configuration);
  const act = (action: Parameters<typeof engine.act>[0]['action']) => engine.act({ uid: unit.uid, action });
  return { unit, engine, act, ring: await node.readyRing() };
}

describe('block', () => {
  test('has every command wait, in native code too, until unblock', async () => {
    const { engine, act, ring } = await serving();
    await act('block');
    expect(node.units[0]?.gate).toBe(1);
    const commands = [ring.send(READ_ONE_BLOCK, undefined, 512), ring.send(INQUIRY, undefined, 36)];
    expect(await answered(Promise.race(commands))).toBe(false);
    expect((await engine.status()).units[0]).toMatchObject({ state: 'Failed', reason: 'Blocked' });
    await act('unblock');
    expect((await Promise.all(commands)).map(({ status }) => status)).toEqual([STATUS.good, STATUS.good]);
    expect(node.units[0]?.gate).toBe(0);
    expect((await engine.status()).units[0]).toMatchObject({ state: 'Ready' });
  });

  test('twice is once', async () => {
    const { act, ring } = await serving();
    await act('block');
    await act('block');
    await act('unblock');
    expect(node.units[0]?.gate).toBe(0);
    expect(codeOf(await ring.send(TEST_UNIT_READY))).toBe('status 0');
  });

  test('holds for the next engine of the same boot, from the first command on', async () => {
    const { unit, act } = await serving();
    await act('block');
    const next = await node.startEngine();
    const command = node.ring().send(READ_ONE_BLOCK, undefined, 512);
    expect(await answered(command)).toBe(false);
    await next.act({ uid: unit.uid, action: 'unblock' });
    expect((await command).status).toBe(STATUS.good);
  });

  test('is over after a reboot, and unblock says so', async () => {
    const { unit, act } = await serving();
    await act('block');
    node.bootId = 'next boot';
    const next = await node.startEngine();
    await expect(next.act({ uid: unit.uid, action: 'unblock' })).rejects.toThrow(/not blocked/);
    expect((await next.status()).units[0]).toMatchObject({ state: 'Ready' });
  });

  test('keeps no change of the device waiting, and is kept by it', async () => {
    const { unit, engine, act, ring } = await serving();
    await act('block');
    const grown = { ...unit, vdiskFileio: { ...unit.vdiskFileio, size: 131_072, rotational: false } };
    const { units } = await engine.configure(configurationOf(grown));
    expect(units[0]).toMatchObject({ reason: 'Blocked', size: 131_072 });
    const command = ring.send(TEST_UNIT_READY);
    expect(await answered(command)).toBe(false);
    await act('unblock');
    expect(codeOf(await command)).toMatch(/^6\//);
  });

  test('ends what waits with a LOGICAL UNIT RESET, and goes on', async () => {
    const { act, ring } = await serving();
    await act('block');
    const command = ring.send(READ_ONE_BLOCK, undefined, 512);
    ring.emit({ kind: 'taskManagement', type: LOGICAL_UNIT_RESET, ids: [] });
    expect((await command).status).toBe(STATUS.taskAborted);
    expect(await answered(ring.send(TEST_UNIT_READY))).toBe(false);
  });

  test('keeps no host from going down, whose file systems still write', async () => {
    const { engine, act, ring } = await serving();
    await act('block');
    const command = ring.send(READ_ONE_BLOCK, undefined, 512);
    await engine.drain();
    expect((await command).status).toBe(STATUS.good);
    expect(node.units[0]?.gate).toBe(0);
  });

  test('stands in the way of no end', async () => {
    const { engine, act, ring } = await serving();
    await act('block');
    void ring.send(READ_ONE_BLOCK, undefined, 512);
    await engine.shutdown();
    expect(node.units[0]?.closed).toBe(true);
  });
});

describe('the soft threshold', () => {
  test('is told once to each initiator of a thin unit', async () => {
    const { act, ring } = await serving({ thinProvisioned: true });
    await act('softThreshold');
    expect(codeOf(await ring.send(TEST_UNIT_READY))).toBe('6/38/7');
    expect(codeOf(await ring.send(TEST_UNIT_READY))).toBe('status 0');
  });

  test('is refused where there is none', async () => {
    const { act, ring } = await serving();
    await expect(act('softThreshold')).rejects.toThrow(/unit1 is not thin/);
    expect(codeOf(await ring.send(TEST_UNIT_READY))).toBe('status 0');
  });
});

test('a device that the engine does not serve is told', async () => {
  const { engine } = await serving();
  await expect(engine.act({ uid: 'other', action: 'block' })).rejects.toThrow(/doesn't serve other/);
});

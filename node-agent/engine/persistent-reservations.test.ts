// Persistent reservations through the engine: what outlives its death and a reboot, and what PREEMPT AND ABORT ends.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NEXUS_FLAG } from '../native/types.js';
import { codeOf, configurationOf, ringConfiguration, TestNode, type FakeRing } from './test-support.js';

const ring1 = ringConfiguration(1);
const ring2 = ringConfiguration(2);
const WRITE_ONE_BLOCK = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const REGISTER = 0;
const RESERVE = 1;
const PREEMPT_AND_ABORT = 5;
const APTPL = 0x01;

let node: TestNode;
beforeEach(async () => {
  node = new TestNode();
  node.kernel.add(ring1);
  node.kernel.add(ring2);
  await (await node.startEngine()).configure(configurationOf(node.unit({ rings: [ring1, ring2] })));
  await node.readyRing(0);
  await node.readyRing(1);
});
afterEach(() => node.end());

interface Out {
  type?: number;
  key?: number;
  actionKey?: number;
  flags?: number;
}

function send(ring: FakeRing, serviceAction: number, { type = 0, key = 0, actionKey = 0, flags = 0 }: Out) {
  const list = new Uint8Array(24);
  list[7] = key;
  list[15] = actionKey;
  list[20] = flags;
  return ring.send([0x5f, serviceAction, type, 0, 0, 0, 0, 0, 24, 0], list);
}

async function out(ring: FakeRing, serviceAction: number, options: Out): Promise<string> {
  return codeOf(await send(ring, serviceAction, options));
}

/** Keys of READ KEYS. */
async function keys(ring: FakeRing): Promise<number[]> {
  const { data = new Uint8Array() } = await ring.send([0x5e, 0, 0, 0, 0, 0, 0, 0, 255, 0], undefined, 255);
  return [...data.subarray(8)].filter((_, at) => at % 8 === 7);
}

/** Registers the first nexus and reserves Write Exclusive, Registrants Only. */
async function reserve(flags: number): Promise<void> {
  expect(await out(node.ring(0), REGISTER, { actionKey: 10, flags })).toBe('status 0');
  expect(await out(node.ring(0), RESERVE, { type: 5, key: 10 })).toBe('status 0');
}

test('pr-06: the death of the engine changes nothing, with APTPL or without', async () => {
  await reserve(0);
  await node.startEngine();
  expect(node.ring(0).options.flags).toBe(0);
  expect(node.ring(1).options.flags).toBe(NEXUS_FLAG.writeBlocked);
  expect(await keys(node.ring(0))).toEqual([10]);
});

test('pr-06: a reboot keeps what was registered with APTPL', async () => {
  await reserve(APTPL);
  node.bootId = 'next';
  await node.startEngine();
  await node.readyRing(0);
  await node.readyRing(1);
  expect(await keys(node.ring(0))).toEqual([10]);
  expect(codeOf(await node.ring(1).send(WRITE_ONE_BLOCK, new Uint8Array(512)))).toBe('status 18');
  expect(codeOf(await node.ring(0).send(WRITE_ONE_BLOCK, new Uint8Array(512)))).toBe('status 0');
});

test('pr-06: a reboot ends what was registered without, also where an earlier registration had it', async () => {
  await reserve(APTPL);
  expect(await out(node.ring(0), REGISTER, { key: 10, actionKey: 11 })).toBe('status 0');
  node.bootId = 'next';
  await node.startEngine();
  await node.readyRing(0);
  expect(await keys(node.ring(0))).toEqual([]);
});

test('pr-06: a registration that can not be made durable fails, and leaves things as they were', async () => {
  rmSync(join(node.directory, 'state'), { recursive: true, force: true });
  writeFileSync(join(node.directory, 'state'), 'a file in the place of the directory');
  expect(await out(node.ring(0), REGISTER, { actionKey: 10, flags: APTPL })).toBe('5/55/4');
  expect(await keys(node.ring(0))).toEqual([]);
  expect(await out(node.ring(0), REGISTER, { actionKey: 10 })).toBe('status 0');
});

test('a durable state that can not be read keeps the unit away, with a reason', async () => {
  await reserve(APTPL);
  node.bootId = 'next';
  writeFileSync(join(node.directory, 'state/units/unit1.json'), '{');
  const { units } = await (await node.startEngine()).status();
  expect(units[0]).toMatchObject({ state: 'Failed', reason: 'StateUnreadable' });
  expect(units[0]?.message).toContain('state/units/unit1.json');
});

test('a command whose answer got lost with the engine is answered alike when it is sent again', async () => {
  const runState = join(node.directory, 'units/unit1.json');
  let left = '';
  node.ring(0).atCompletion = () => (left = readFileSync(runState, 'utf8'));
  await out(node.ring(0), REGISTER, { actionKey: 10 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  writeFileSync(runState, left);
  await node.startEngine();
  expect(await keys(node.ring(0))).toEqual([10]);
  expect(await out(node.ring(0), REGISTER, { actionKey: 10 })).toBe('status 0');
  // Once only, and not for others.
  expect(await out(node.ring(0), REGISTER, { actionKey: 10 })).toBe('status 18');
});

test('a command whose answer went out is not answered from the record after a restart', async () => {
  expect(await out(node.ring(0), REGISTER, { actionKey: 10 })).toBe('status 0');
  await new Promise((resolve) => setTimeout(resolve, 50));
  await node.startEngine();
  expect(await out(node.ring(0), REGISTER, { actionKey: 10 })).toBe('status 18');
});

test('pr-01: PREEMPT AND ABORT ends what the preempted nexus still had waiting', async () => {
  await reserve(0);
  expect(await out(node.ring(1), REGISTER, { actionKey: 20 })).toBe('status 0');
  const preempting = send(node.ring(1), PREEMPT_AND_ABORT, { type: 5, key: 20, actionKey: 10 });
  const waiting = [1, 2, 3].map(() => node.ring(0).send(WRITE_ONE_BLOCK, new Uint8Array(512).fill(7)));
  expect(codeOf(await preempting)).toBe('status 0');
  expect((await Promise.all(waiting)).map(codeOf)).toEqual(['status 40', 'status 40', 'status 40']);
  expect(codeOf(await node.ring(0).send(WRITE_ONE_BLOCK, new Uint8Array(512)))).toBe('6/2a/5');
  // TAS is 0.
  expect(codeOf(await node.ring(0).send(WRITE_ONE_BLOCK, new Uint8Array(512)))).toBe('6/2f/0');
  expect(codeOf(await node.ring(0).send(WRITE_ONE_BLOCK, new Uint8Array(512)))).toBe('status 18');
});

test('the state of a unit of another uid is not taken', async () => {
  mkdirSync(join(node.directory, 'state/units'), { recursive: true });
  await reserve(APTPL);
  node.kernel.add(ringConfiguration(3));
  const other = node.unit({ uid: 'other', rings: [ringConfiguration(3)] });
  const engine = await node.startEngine();
  await engine.configure(configurationOf(node.unit({ rings: [ring1, ring2] }), other));
  expect(await keys(node.units[1]?.rings[0] as FakeRing)).toEqual([]);
});

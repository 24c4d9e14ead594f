// EXTENDED COPY through the engine: units of one session, task management, and the engine's end in the middle of it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from './engine.js';
import { codeOf, configurationOf, ringConfiguration, TestNode, type FakeRing } from './test-support.js';

const MIB = 1_048_576;
const BLOCKS = (8 * MIB) / 512;
const TMR = { abortTask: 1, logicalUnitReset: 5 };

const ring1 = ringConfiguration(1);
const ring2 = ringConfiguration(2, { sessionUid: ring1.sessionUid });
const stranger = ringConfiguration(3);
const NAA = { unit1: '3000000000000001', unit2: '3000000000000002', unit3: '3000000000000003' };

let node: TestNode;
let engine: Engine;

beforeEach(async () => {
  node = new TestNode();
  for (const ring of [ring1, ring2, stranger]) node.kernel.add(ring);
  const units = [ring1, ring2, stranger].map((ring, at) => {
    const uid = `unit${at + 1}` as keyof typeof NAA;
    const unit = node.unit({ uid, rings: [ring] });
    writeFileSync(join(node.directory, `${uid}.img`), Buffer.alloc(8 * MIB, at === 0 ? 1 : 0));
    return {
      ...unit,
      vdiskFileio: { ...unit.vdiskFileio, size: 8 * MIB },
      identity: { ...unit.identity, naa: NAA[uid] },
    };
  });
  engine = await node.startEngine();
  // One after the other: the units open in this order.
  for (const count of [1, 2, 3]) await engine.configure(configurationOf(...units.slice(0, count)));
  for (const which of [0, 1, 2]) await ready(which);
});
afterEach(() => node.end());

/** The ring of the unit number `which`. */
function ringOf(which: number): FakeRing {
  const ring = node.units[which]?.rings[0];
  if (ring === undefined) throw new Error(`unit ${which} has no ring`);
  return ring;
}

async function ready(which: number): Promise<void> {
  await ringOf(which).send([0, 0, 0, 0, 0, 0]);
}

/** From the start of one unit to the start of the other: `blocks` blocks. */
function copy(ring: FakeRing, from: string, to: string, blocks = BLOCKS) {
  const list = Buffer.alloc(16 + 64 + 28);
  list[1] = 3 << 3;
  list.writeUInt16BE(64, 2);
  list.writeUInt32BE(28, 8);
  [from, to].forEach((naa, at) => {
    list.set([0xe4, 0, 0, 0, 1, 3, 0, 8], 16 + 32 * at);
    list.write(naa, 24 + 32 * at, 'hex');
  });
  list.set([2, 0, 0, 24, 0, 0, 0, 1], 80);
  list.writeUInt16BE(blocks, 90);
  const cdb = Buffer.alloc(16);
  cdb[0] = 0x83;
  cdb.writeUInt32BE(list.length, 10);
  return ring.send([...cdb], list);
}

/** Mebibytes of the file that hold ones. */
function ones(uid: string): number {
  return readFileSync(join(node.directory, `${uid}.img`)).filter((byte) => byte === 1).length / MIB;
}

test('copies between units of one session, and reaches no other', async () => {
  expect(codeOf(await copy(ringOf(0), NAA.unit1, NAA.unit2))).toBe('status 0');
  expect(ones('unit2')).toBe(8);
  expect(codeOf(await copy(ringOf(0), NAA.unit1, NAA.unit3))).toBe('a/d/2');
  expect(ones('unit3')).toBe(0);
});

test('other commands of the unit go on beside a copy, exclusive ones too', async () => {
  const copying = copy(ringOf(0), NAA.unit1, NAA.unit2);
  const order: string[] = [];
  await Promise.all([
    ringOf(0)
      .send([0x16, 0, 0, 0, 0, 0])
      .then(() => order.push('reserve')),
    copying.then(() => order.push('copy')),
  ]);
  expect(order).toEqual(['reserve', 'copy']);
});

test('ABORT TASK ends a copy between two of its parts, and nothing is written afterwards', async () => {
  const copying = copy(ringOf(0), NAA.unit1, NAA.unit2);
  ringOf(0).emit({ kind: 'taskManagement', type: TMR.abortTask, ids: [copying.id] });
  expect(codeOf(await copying)).toBe('status 40');
  const then = ones('unit2');
  expect(then).toBeLessThan(8);
  await ringOf(1).send([0x16, 0, 0, 0, 0, 0]);
  expect(ones('unit2')).toBe(then);
});

test('resets of both units in the middle of copies both ways hang nothing', async () => {
  const copies = [copy(ringOf(0), NAA.unit1, NAA.unit2), copy(ringOf(1), NAA.unit2, NAA.unit1)];
  for (const which of [0, 1]) ringOf(which).emit({ kind: 'taskManagement', type: TMR.logicalUnitReset, ids: [] });
  expect((await Promise.all(copies)).map(codeOf)).toEqual(['status 40', 'status 40']);
  for (const which of [0, 1]) expect(codeOf(await ringOf(which).send([0, 0, 0, 0, 0, 0]))).toBe('status 0');
});

test('an engine that ends leaves the command to its successor', async () => {
  let answered = false;
  void copy(ringOf(0), NAA.unit1, NAA.unit2).then(() => (answered = true));
  await engine.shutdown();
  expect(answered).toBe(false);
  expect(ones('unit2')).toBeLessThan(8);
  await node.startEngine();
  // The units open in any order: the commands of one of them reach both.
  const reaching = await Promise.all([0, 1, 2].map(async (which) => await copy(ringOf(which), NAA.unit1, NAA.unit2)));
  expect(reaching.map(codeOf).sort()).toEqual(['a/d/2', 'status 0', 'status 0']);
  expect(ones('unit2')).toBe(8);
});

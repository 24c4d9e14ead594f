// Rings that change hands between two units: another ScstDevice takes the place of the one behind a LUN.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineConfiguration, RingConfiguration, UnitConfiguration } from '../protocol/types.js';
import {
  codeOf,
  configurationOf,
  RESERVE,
  ringConfiguration,
  ringStates,
  TEST_UNIT_READY,
  TestNode,
  type FakeRing,
  until,
} from './test-support.js';

const ring1 = ringConfiguration(1);
const ring2 = ringConfiguration(2);
let node: TestNode;
beforeEach(() => {
  node = new TestNode();
  node.kernel.add(ring1);
  node.kernel.add(ring2);
});
afterEach(() => node.end());

/** Rings of the unit that they are of at first, and of the one that takes its place. */
function wish(ofFormer: RingConfiguration[], ofOther: RingConfiguration[]): EngineConfiguration {
  const units = [unitOf('former', ofFormer), unitOf('other', ofOther)];
  return { ...configurationOf(unitOf('former', ofFormer)), units };
}
/** The only ring of the unit that took it over. */
function taken(): FakeRing {
  const ring = node.units[1]?.rings[0];
  if (ring === undefined) throw new Error('nothing was taken over');
  return ring;
}
const unitOf = (uid: string, rings: RingConfiguration[]): UnitConfiguration => node.unit({ uid, rings });

test('the ring of one unit is served by the other, whose initiator is told, and nobody else', async () => {
  const engine = await node.startEngine();
  await engine.configure(configurationOf(unitOf('former', [ring1, ring2])));
  await node.readyRing(0);
  await node.readyRing(1);
  const status = await engine.configure(wish([ring2], [ring1]));
  expect(status.units.map(({ uid, rings }) => [uid, rings.map(({ backstore }) => backstore)])).toEqual([
    ['former', ['lun2']],
    ['other', ['lun1']],
  ]);
  expect(ringStates(status)).toEqual(['Attached', 'Attached']);
  expect(node.units[0]?.rings.map(({ stopped }) => stopped)).toEqual([true, false]);
  expect(codeOf(await taken().send(TEST_UNIT_READY))).toBe('6/3f/3');
  expect(codeOf(await taken().send(TEST_UNIT_READY))).toBe('status 0');
  expect(codeOf(await node.ring(1).send(TEST_UNIT_READY))).toBe('status 0');
});

test('nobody is told where that is asked for', async () => {
  const engine = await node.startEngine();
  await engine.configure(configurationOf(unitOf('former', [ring1])));
  await node.readyRing(0);
  await engine.configure(wish([], [{ ...ring1, takenOverSilently: true }]));
  expect(codeOf(await taken().send(TEST_UNIT_READY))).toBe('status 0');
});

test('a reservation that the initiator had of the former unit is not its own of the other', async () => {
  const engine = await node.startEngine();
  await engine.configure(configurationOf(unitOf('former', [ring1, ring2])));
  const first = await node.readyRing(0);
  await node.readyRing(1);
  expect(codeOf(await first.send(RESERVE))).toBe('status 0');
  expect(codeOf(await node.ring(1).send(TEST_UNIT_READY))).toBe('status 18');
  await engine.configure(wish([ring2], [ring1]));
  expect(codeOf(await node.ring(1).send(TEST_UNIT_READY))).toBe('status 0');
});

test('the former unit serves on while the other can’t be opened, and the ring changes hands once it can', async () => {
  const engine = await node.startEngine();
  await engine.configure(configurationOf(unitOf('former', [ring1])));
  await node.readyRing(0);
  writeFileSync(join(node.directory, 'other.img'), new Uint8Array(1));
  const broken = { ...wish([], [ring1]) };
  const [former, other] = broken.units;
  if (former === undefined || other === undefined) throw new Error('two units');
  const tooSmall = { ...other, vdiskFileio: { ...node.unit({ uid: 'other' }).vdiskFileio, size: undefined } };
  const status = await engine.configure({ ...broken, units: [former, tooSmall] });
  expect(status.units.map(({ state, rings }) => [state, rings.map((ring) => ring.state)])).toEqual([
    ['Ready', ['Attached']],
    ['Failed', ['Waiting']],
  ]);
  expect(codeOf(await node.ring().send(TEST_UNIT_READY))).toBe('status 0');
  writeFileSync(join(node.directory, 'other.img'), new Uint8Array(512));
  await until(() => node.units[1]?.rings.length === 1);
  await until(() => node.units[0]?.rings[0]?.stopped === true);
});

test('a successor of the engine serves the ring as the unit that took it over, from its first command on', async () => {
  const engine = await node.startEngine();
  await engine.configure(configurationOf(unitOf('former', [ring1])));
  await engine.configure(wish([], [ring1]));
  const stored = JSON.parse(readFileSync(join(node.directory, 'engine.json'), 'utf8')) as {
    effective: EngineConfiguration;
  };
  expect(stored.effective.units.map(({ uid, rings }) => [uid, rings.length])).toEqual([
    ['former', 0],
    ['other', 1],
  ]);
  await engine.shutdown();
  const status = await (await node.startEngine()).status();
  expect(status.units.map(({ uid, rings }) => [uid, rings.length])).toEqual([
    ['former', 0],
    ['other', 1],
  ]);
});

test('a successor of an engine that had yet to hand a ring over does so when it is told again, and not by itself', async () => {
  const engine = await node.startEngine();
  await engine.configure(configurationOf(unitOf('former', [ring1])));
  await node.readyRing(0);
  const broken = join(node.directory, 'other.img');
  writeFileSync(broken, new Uint8Array(1));
  const [former, other] = wish([], [ring1]).units;
  if (former === undefined || other === undefined) throw new Error('two units');
  const unsized = { ...other, vdiskFileio: { ...node.unit({ uid: 'other' }).vdiskFileio, size: undefined } };
  const wanted = { ...wish([], [ring1]), units: [former, unsized] };
  await engine.configure(wanted);
  await engine.shutdown();

  writeFileSync(broken, new Uint8Array(512));
  const successor = await node.startEngine();
  const holders = async () => (await successor.status()).units.map(({ uid, rings }) => [uid, rings.length]);
  expect(await holders()).toEqual([
    ['former', 1],
    ['other', 0],
  ]);
  await successor.configure(wanted);
  expect(await holders()).toEqual([
    ['former', 0],
    ['other', 1],
  ]);
});

// FORMAT UNIT and SANITIZE with IMMED through the engine: they go on after the command, and after the engine's death.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NEXUS_FLAG } from '../native/types.js';
import { codeOf, configurationOf, ringConfiguration, TEST_UNIT_READY, TestNode, until } from './test-support.js';

const OVERWRITE_IMMEDIATE = [0x48, 0x81, 0, 0, 0, 0, 0, 0, 8, 0];
/** One pass of zeros. */
const ZEROS = Uint8Array.from([1, 0, 0, 4, 0, 0, 0, 0]);
const ring1 = ringConfiguration(1);

let node: TestNode;
const file = () => join(node.directory, 'unit1.img');
beforeEach(async () => {
  node = new TestNode();
  writeFileSync(file(), Buffer.alloc(65_536, 7));
  node.kernel.add(ring1);
  await (await node.startEngine()).configure(configurationOf(node.unit()));
  await node.readyRing();
});
afterEach(() => node.end());

test('the fast path is closed until the medium is written over, and open again', async () => {
  expect(codeOf(await node.ring().send(OVERWRITE_IMMEDIATE, ZEROS))).toBe('status 0');
  await until(() => node.ring().flags === 0);
  expect(readFileSync(file()).every((byte) => byte === 0)).toBe(true);
  expect(codeOf(await node.ring().send(TEST_UNIT_READY))).toBe('status 0');
});

test('what the engine died in goes on with the next one, before anything is served', async () => {
  const runState = join(node.directory, 'units/unit1.json');
  let left = '';
  node.ring().atCompletion = () => (left = readFileSync(runState, 'utf8'));
  await node.ring().send(OVERWRITE_IMMEDIATE, ZEROS);
  await until(() => node.ring().flags === 0);
  writeFileSync(runState, left);
  writeFileSync(file(), Buffer.alloc(65_536, 7), { flag: 'r+' });
  await node.startEngine();
  expect(node.ring().options.flags & NEXUS_FLAG.notReady).toBe(NEXUS_FLAG.notReady);
  await until(() => node.ring().flags === 0);
  expect(readFileSync(file()).every((byte) => byte === 0)).toBe(true);
});

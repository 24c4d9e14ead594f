// WRITE ATOMIC through the engine and a loss of power: made good, once, on the file that it was begun on, and no other.
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backing } from '../backing/backing.js';
import { codeOf, configurationOf, ringConfiguration, TestNode } from './test-support.js';
import { WriteJournalFile } from './write-journal.js';

const WRITE_ATOMIC = [0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0];
const ring1 = ringConfiguration(1);

let node: TestNode;
const file = () => join(node.directory, 'unit1.img');
const journal = () => join(node.directory, 'state/units/unit1.write');
const written = () =>
  readFileSync(file())
    .subarray(512, 1536)
    .filter((byte) => byte === 7).length;

beforeEach(async () => {
  node = new TestNode();
  writeFileSync(file(), Buffer.alloc(65_536));
  node.kernel.add(ring1);
  await (await node.startEngine()).configure(configurationOf(node.unit()));
  await node.readyRing();
});
afterEach(() => node.end());

/** As the power was lost in the middle of the write: the journal is there, and half of it is on the disk. */
async function tear(): Promise<void> {
  const { ino } = statSync(file(), { bigint: true });
  const backing = { path: file(), mark: String(ino) } as Backing;
  await new WriteJournalFile(join(node.directory, 'state'), 'unit1').begin(backing, 512, new Uint8Array(1024).fill(7));
  const content = readFileSync(file()).fill(7, 512, 1024);
  writeFileSync(file(), content, { flag: 'r+' });
  node.bootId = 'next boot';
}

test('leaves no journal behind once it is answered', async () => {
  expect(codeOf(await node.ring().send(WRITE_ATOMIC, new Uint8Array(1024).fill(7)))).toBe('status 0');
  expect([written(), existsSync(journal())]).toEqual([1024, false]);
});

test('makes the write good after a loss of power, before anything is served, and once', async () => {
  await tear();
  await (await node.startEngine()).configure(configurationOf(node.unit()));
  expect([written(), existsSync(journal())]).toEqual([1024, false]);
  writeFileSync(file(), Buffer.alloc(65_536), { flag: 'r+' });
  await (await node.startEngine()).configure(configurationOf(node.unit()));
  expect(written()).toBe(0);
});

test('never makes it good on another file of the same name', async () => {
  await tear();
  writeFileSync(`${file()}.new`, Buffer.alloc(65_536));
  renameSync(`${file()}.new`, file());
  await (await node.startEngine()).configure(configurationOf(node.unit()));
  expect([written(), existsSync(journal())]).toEqual([0, false]);
});

test('writes nothing where the journal can’t be written', async () => {
  writeFileSync(join(node.directory, 'state'), 'in the way');
  expect(codeOf(await node.ring().send(WRITE_ATOMIC, new Uint8Array(1024).fill(7)))).toBe('4/44/0');
  expect(written()).toBe(0);
});

describe('a COMPARE AND WRITE that the engine died of while it wrote', () => {
  const COMPARE_AND_WRITE = [0x89, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0];
  const zerosToSevens = new Uint8Array(1024).fill(7, 512);
  const sevens = () => readFileSync(file()).subarray(512, 1024).includes(7);
  const runState = () => join(node.directory, 'units/unit1.json');

  /** The run state says that the write was begun; nothing of it is in the file. */
  async function leaveBegun(): Promise<void> {
    let left = '';
    node.ring().atCompletion = () => (left = readFileSync(runState(), 'utf8'));
    await node.ring().send(COMPARE_AND_WRITE, zerosToSevens);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const stored = JSON.parse(left) as { results: object[]; begunWrite: object | null };
    const name = { path: file(), inode: String(statSync(file(), { bigint: true }).ino) };
    const data = Buffer.alloc(512, 7).toString('base64');
    stored.begunWrite = { result: stored.results.pop(), file: name, offset: 512, data };
    writeFileSync(runState(), JSON.stringify(stored));
    writeFileSync(file(), Buffer.alloc(65_536), { flag: 'r+' });
  }

  test('is made good by the next engine, and answered with GOOD when it is sent again', async () => {
    await leaveBegun();
    await node.startEngine();
    expect(sevens()).toBe(true);
    expect(codeOf(await node.ring().send(COMPARE_AND_WRITE, zerosToSevens))).toBe('status 0');
  });

  test('is not made good on another file of the same name, and runs there when it is sent again', async () => {
    await leaveBegun();
    writeFileSync(`${file()}.new`, Buffer.alloc(65_536, 1));
    renameSync(`${file()}.new`, file());
    await node.startEngine();
    expect(sevens()).toBe(false);
    expect(codeOf(await node.ring().send(COMPARE_AND_WRITE, zerosToSevens))).toBe('e/1d/0');
  });
});

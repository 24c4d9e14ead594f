// The run state file of a unit: what the next engine finds in it.
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogicalUnit, disk, raiseAttention, snapshot, addNexus, ATTENTION } from '../scsi/index.js';
import { hugeMedium } from '../scsi/testing/disk-fixture.js';
import { ReplayRecords } from './replay-records.js';
import { RunStateFile } from './run-state.js';
import { nexusIdentityOf } from './ring.js';
import { ringConfiguration } from './test-support.js';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'scst-run-'))));
afterEach(() => rmSync(directory, { recursive: true }));

function unit() {
  const medium = hugeMedium(512, 8n);
  const names = { vendor: 'v', product: 'p', revision: 'r', serial: 's', t10DeviceId: 't', vendorSpecificId: 'i' };
  const created = createLogicalUnit({ personality: disk, identity: { ...names, naa: '3000000000000001' }, medium });
  addNexus(created, nexusIdentityOf(ringConfiguration(1)));
  return created;
}

test('the next engine of the same boot finds the newest state', async () => {
  const file = new RunStateFile(directory, 'uid', 'boot');
  const logicalUnit = unit();
  const records = new ReplayRecords([]);
  await file.save(logicalUnit, records);
  raiseAttention(logicalUnit, ATTENTION.capacityChanged);
  await file.save(logicalUnit, records);
  expect(await new RunStateFile(directory, 'uid', 'boot').load()).toMatchObject({
    snapshot: snapshot(logicalUnit),
    results: [],
    begunWrite: null,
  });
});

test('a change during a write is in the file before the save that asked for it resolves', async () => {
  const file = new RunStateFile(directory, 'uid', 'boot');
  const logicalUnit = unit();
  const records = new ReplayRecords([]);
  const first = file.save(logicalUnit, records);
  raiseAttention(logicalUnit, ATTENTION.capacityChanged);
  await file.save(logicalUnit, records);
  expect(await file.load()).toMatchObject({ snapshot: snapshot(logicalUnit), results: [], begunWrite: null });
  await first;
});

test('what the former engine left is written again only when it differs', async () => {
  await new RunStateFile(directory, 'uid', 'boot').save(unit(), new ReplayRecords([]));
  const inode = () => statSync(join(directory, 'units/uid.json')).ino;
  const before = inode();
  const next = new RunStateFile(directory, 'uid', 'boot');
  await next.load();
  const logicalUnit = unit();
  await next.save(logicalUnit, new ReplayRecords([]));
  expect(inode()).toBe(before);
  raiseAttention(logicalUnit, ATTENTION.capacityChanged);
  await next.save(logicalUnit, new ReplayRecords([]));
  expect(await next.load()).toMatchObject({ snapshot: snapshot(logicalUnit) });
});

test('what another boot left is void', async () => {
  await new RunStateFile(directory, 'uid', 'boot').save(unit(), new ReplayRecords([]));
  expect(await new RunStateFile(directory, 'uid', 'next boot').load()).toBeUndefined();
});

test('a unit without a file has no state, and an unreadable one is told', async () => {
  const file = new RunStateFile(directory, 'uid', 'boot');
  expect(await file.load()).toBeUndefined();
  await file.save(unit(), new ReplayRecords([]));
  writeFileSync(join(directory, 'units/uid.json'), '{');
  await expect(file.load()).rejects.toThrow();
});

test('a removed unit leaves nothing behind, whatever its uid', async () => {
  const file = new RunStateFile(directory, '../escape', 'boot');
  await file.save(unit(), new ReplayRecords([]));
  await file.remove();
  expect(readdirSync(join(directory, 'units'))).toEqual([]);
  expect(readdirSync(directory)).toEqual(['units']);
});

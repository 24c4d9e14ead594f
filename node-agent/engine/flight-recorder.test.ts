// Deaths of the engine during a command, played by dropping one recorder and making the next on the same directory.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FlightRecorder, PoisonCommand } from './flight-recorder.js';

const POISON = Uint8Array.of(0x93, 8, 0, 1);
const OTHER = Uint8Array.of(0x12, 0, 0, 0, 36, 0);
let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'scst-flight-'))));
afterEach(() => rmSync(directory, { recursive: true }));

const forever = () => new Promise<never>(() => undefined);
const done = () => Promise.resolve('done');

/** An engine that begins `cdbs` on the ring and dies during them. */
function dieDuring(ring: string, ...cdbs: Uint8Array[]): void {
  const recorder = new FlightRecorder(directory);
  for (const cdb of cdbs) void recorder.during(ring, cdb, forever);
}

test('a command during which the engine died three times is refused, any other is not', async () => {
  for (let death = 0; death < 3; death += 1) dieDuring('a', POISON);
  const recorder = new FlightRecorder(directory);
  await expect(recorder.during('a', POISON, done)).rejects.toThrow(PoisonCommand);
  expect(await recorder.during('a', OTHER, done)).toBe('done');
  expect(recorder.poison('a')).toEqual(['93080001']);
});

test('two deaths refuse nothing', async () => {
  for (let death = 0; death < 2; death += 1) dieDuring('a', POISON);
  expect(await new FlightRecorder(directory).during('a', POISON, done)).toBe('done');
});

test('a command that succeeds in between is innocent of the deaths before', async () => {
  dieDuring('a', POISON);
  dieDuring('a', POISON);
  const survivor = new FlightRecorder(directory);
  await survivor.during('a', POISON, done);
  dieDuring('a', POISON);
  expect(await new FlightRecorder(directory).during('a', POISON, done)).toBe('done');
});

test('a command that ended before the death is not counted, whatever ran beside it', async () => {
  for (let death = 0; death < 3; death += 1) {
    const recorder = new FlightRecorder(directory);
    void recorder.during('a', POISON, forever);
    await recorder.during('a', OTHER, done);
  }
  expect(new FlightRecorder(directory).poison('a')).toEqual(['93080001']);
});

test('the same command on another ring is not refused', async () => {
  for (let death = 0; death < 3; death += 1) dieDuring('a', POISON);
  expect(await new FlightRecorder(directory).during('b', POISON, done)).toBe('done');
});

test('a command that throws has not killed the engine', async () => {
  for (let round = 0; round < 3; round += 1) {
    const recorder = new FlightRecorder(directory);
    await expect(recorder.during('a', POISON, () => Promise.reject(new Error('a defect')))).rejects.toThrow('a defect');
  }
  expect(new FlightRecorder(directory).poison('a')).toEqual([]);
});

test('more commands at once than are recorded are executed all the same', async () => {
  const recorder = new FlightRecorder(directory);
  const running = Array.from({ length: 20 }, () => recorder.during('a', OTHER, done));
  expect(await Promise.all(running)).toEqual(new Array(20).fill('done'));
});

test('a ring without slow commands takes no file and no descriptor', () => {
  expect(new FlightRecorder(directory).poison('a')).toEqual([]);
  expect(readdirSync(join(directory, 'flight'))).toEqual([]);
});

test('a ring that is gone leaves nothing behind', async () => {
  for (let death = 0; death < 3; death += 1) dieDuring('a', POISON);
  const recorder = new FlightRecorder(directory);
  expect(recorder.poison('a')).toHaveLength(1);
  recorder.forget('a');
  expect(readdirSync(join(directory, 'flight'))).toEqual([]);
  expect(await recorder.during('a', POISON, done)).toBe('done');
});

// A million random CDBs and parameter lists on a small disk: no throw, nothing written but where the CDB says, nothing of
// others in Data-In. The seed is fixed; SCST_FUZZ_SEED sets another.
import { advance, disk, endOperation, execute, restore, snapshot, type LogicalUnit } from './index.js';
import { addNexus, createLogicalUnit } from './spc/logical-unit.js';
import { availableOf } from './spc/personality.js';
import { IDENTITY, ModelMedium, nexus } from './testing/disk-fixture.js';
import { random, randomCdb, randomData } from './testing/random-commands.js';

const COMMANDS = 1_000_000;
const SEED = Number(process.env['SCST_FUZZ_SEED'] ?? 20_261_125);
const BLOCKS = 64;
const BLOCK = 512;
const NEXUSES = ['s1', 's2'];
const STATUSES = [0x00, 0x02, 0x18];

jest.setTimeout(300_000);

/** What no command may ask of it fails at once. */
class GuardedMedium extends ModelMedium {
  private check(offset: number, length: number): void {
    if (!Number.isInteger(offset) || offset < 0 || length < 0 || offset + length > BLOCKS * BLOCK)
      throw new Error(`an access of ${length} bytes at ${offset}`);
  }
  override read(offset: number, into: Uint8Array): Promise<void> {
    this.check(offset, into.length);
    return super.read(offset, into);
  }
  override write(offset: number, data: Uint8Array, durable: boolean): Promise<void> {
    this.check(offset, data.length);
    return super.write(offset, data, durable);
  }
  override zero(offset: number, length: number): Promise<void> {
    this.check(offset, length);
    return super.zero(offset, length);
  }
  override discard(offset: number, length: number): Promise<void> {
    this.check(offset, length);
    this.holes.length = 0;
    return super.discard(offset, length);
  }
}

function newUnit(medium: GuardedMedium, thinProvisioned: boolean): LogicalUnit {
  const unit = createLogicalUnit({ personality: disk, identity: IDENTITY, medium, thinProvisioned, removable: true });
  for (const id of NEXUSES) addNexus(unit, nexus(id, { relTgtId: 1 + NEXUSES.indexOf(id) }));
  return unit;
}

/** Its list is longer and has a TransportID: not to be found by chance. */
const NOT_BY_CHANCE = ['PERSISTENT RESERVE OUT, REGISTER AND MOVE'];

it(`holds to the rules for ${COMMANDS.toLocaleString('en')} commands (seed ${SEED})`, async () => {
  const pick = random(SEED);
  const counts = new Map<string, number>();
  let medium = new GuardedMedium(BLOCK, BigInt(BLOCKS));
  let unit = newUnit(medium, true);
  for (let number = 0; number < COMMANDS; number += 1) {
    if (number % 20_000 === 0) {
      medium = new GuardedMedium(BLOCK, BigInt(BLOCKS));
      unit = newUnit(medium, number % 40_000 === 0);
    }
    const rows = availableOf(disk.commands, unit);
    const definition = rows[pick(rows.length)]!;
    const dataOut = randomData(definition, pick);
    const cdb = randomCdb(definition, dataOut.length, pick);
    const room = [0, 4, 255, 512, 4096][pick(5)]!;
    medium.calls.length = 0;
    const told = `${number}: ${Buffer.from(cdb).toString('hex')}`;
    const result = await execute(unit, NEXUSES[pick(2)]!, cdb, dataOut, room);
    if (!STATUSES.includes(result.status)) throw new Error(`${told}: status ${result.status}`);
    if ((result.data?.length ?? 0) > room) throw new Error(`${told}: ${result.data?.length} bytes into ${room}`);
    if ((result.status === 0x02) !== (result.sense !== undefined)) throw new Error(`${told}: sense and status differ`);
    const writes = medium.calls.some(({ call }) => call !== 'read' && call !== 'flush');
    if (writes && !definition.writesMedium && definition.access !== 'detached') throw new Error(`${told}: has written`);
    if (writes && result.status === 0x18) throw new Error(`${told}: has written in spite of a reservation`);
    const outcome = `${definition.name} ${result.status}`;
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    // As the engine does: an operation goes on behind its command, and has an end.
    if (unit.operation && pick(8) === 0) {
      while (await advance(unit));
      endOperation(unit);
    }
    if (number % 5_000 === 0) restore(newUnit(medium, true), JSON.parse(JSON.stringify(snapshot(unit))) as never);
  }
  // It would prove nothing if hardly a command got through.
  const never = disk.commands.map(({ name }) => name).filter((name) => (counts.get(`${name} 0`) ?? 0) === 0);
  expect(never).toEqual(NOT_BY_CHANCE);
});

// A million random CDBs and parameter lists on a small disk: no throw, nothing written but where the CDB says, nothing of
// others in Data-In. The seed is fixed; SCST_FUZZ_SEED sets another.
import { advance, disk, endOperation, execute, restore, snapshot, type LogicalUnit } from './index.js';
import { putUint16 } from './spc/bytes.js';
import { addNexus, createLogicalUnit } from './spc/logical-unit.js';
import type { CommandDefinition } from './spc/command.js';
import { availableOf } from './spc/personality.js';
import { IDENTITY, ModelMedium, nexus } from './testing/disk-fixture.js';

const COMMANDS = 1_000_000;
const SEED = Number(process.env['SCST_FUZZ_SEED'] ?? 20_261_125);
const BLOCKS = 64;
const BLOCK = 512;
const NEXUSES = ['s1', 's2'];
const STATUSES = [0x00, 0x02, 0x18];

jest.setTimeout(300_000);

/** Marsaglia's xorshift of 32 bits. */
function random(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

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

/**
 * Bits that the command evaluates are random, small numbers being likelier than others; a few reserved ones too. The upper
 * bytes of addresses and lengths are mostly 0, and a length of 16 bits mostly that of the parameter list: or hardly a
 * command would get beyond the first check.
 */
function randomCdb(
  { usage, serviceAction, dataOut }: CommandDefinition,
  dataLength: number,
  pick: (below: number) => number,
): Uint8Array {
  const cdb = Uint8Array.from(usage, (mask, at) => {
    if (at === 0) return mask;
    const value = pick(4) === 0 ? pick(256) : pick(3);
    return pick(64) === 0 ? value : value & mask;
  });
  if (serviceAction !== undefined) cdb[1] = (pick(4) === 0 ? (cdb[1] ?? 0) & 0xe0 : 0) | serviceAction;
  if (pick(4) === 0) return cdb;
  if (usage.length === 16) cdb.fill(0, 2, 9).fill(0, 10, 13);
  if (usage.length === 12) cdb.fill(0, 2, 5).fill(0, 6, 9);
  if (usage.length === 10) cdb.fill(0, 3, 5);
  if (usage.length === 10 && dataOut && pick(2) === 0) putUint16(cdb, 7, dataLength);
  return cdb;
}

/** Lists that are right, for commands that take few others. */
const RIGHT_LISTS: Readonly<Record<number, Uint8Array>> = {
  0x48: Uint8Array.from({ length: 24 }, (_, at) => [1, 0, 0, 20][at] ?? 0xa5),
  0x5f: Uint8Array.from({ length: 24 }, (_, at) => (at === 7 || at === 15 ? 1 : 0)),
};

function randomData({ opcode, dataOut }: CommandDefinition, pick: (below: number) => number): Uint8Array {
  if (!dataOut) return new Uint8Array();
  const right = RIGHT_LISTS[opcode];
  if (right !== undefined && pick(2) === 0) {
    const list = right.slice();
    if (pick(2) === 0) list[pick(list.length)] = pick(4);
    return list;
  }
  const length = [0, 24, 512, 1024, 40][pick(5)] ?? 0;
  const sparse = pick(2) === 0;
  return Uint8Array.from({ length }, () => (sparse && pick(4) !== 0 ? 0 : pick(256)));
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

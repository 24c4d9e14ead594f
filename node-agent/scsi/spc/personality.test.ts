// A logical unit that is no disk, built from spc/ alone: what a personality gets without writing it, and pr-07.
import {
  addNexus,
  createLogicalUnit,
  execute,
  resetLogicalUnit,
  type LogicalUnit,
  type Personality,
} from '../index.js';
import { bytes, diskWithTwoNexuses, hex, IDENTITY, nexus, outcome } from '../testing/disk-fixture.js';
import type { CommandDefinition } from './command.js';
import { primaryCommands } from './opcodes.js';
import { persistentReservationCommands } from './persistent-reservations/opcodes.js';
import { transportIdOf } from './persistent-reservations/testing.js';
import { inOrder } from './personality.js';
import { primaryVitalProductData } from './vital-product-data.js';

const MEDIUM_CHANGER = 0x08;
const INQUIRY = '12 00 00 00 60 00';
const TEST_UNIT_READY = '00 00 00 00 00 00';
const MOVE_MEDIUM = 'a5 00 00 01 00 02 00 03 00 00 00 00';
const READ_ELEMENT_STATUS = 'b8 00 00 00 00 ff 00 00 10 00 00 00';
const PERSISTENT_RESERVE_IN_FULL = '5e 03 00 00 00 00 00 02 00 00';
const reserveOut = (action: number, scopeAndType: string) =>
  `5f ${action.toString(16).padStart(2, '0')} ${scopeAndType} 00 00 00 00 00 18 00`;
const REGISTER = reserveOut(0, '00');
const RESERVE = (scopeAndType: string) => reserveOut(1, scopeAndType);
const KEY = '00000000 0000000a';
const parameters = (key: string, actionKey: string) => bytes(`${key}${actionKey}`.replaceAll(' ', '').padEnd(48, '0'));

/** SMC-3: two commands of a changer, and the readiness of a unit that has no medium of its own. */
function changer(moved: string[]): Personality {
  const smc: CommandDefinition[] = [
    {
      opcode: 0xa5,
      name: 'MOVE MEDIUM',
      usage: [0xa5, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0x01, 0],
      access: 'exclusive',
      execute: ({ nexus: { id } }) => void moved.push(id),
    },
    {
      opcode: 0xb8,
      name: 'READ ELEMENT STATUS',
      usage: [0xb8, 0x1f, 0xff, 0xff, 0xff, 0xff, 0x03, 0xff, 0xff, 0xff, 0, 0],
      access: 'shared',
      execute: () => new Uint8Array(8),
    },
  ];
  const primary = primaryCommands.map((row) => (row.opcode === 0x00 ? { ...row, needsMedium: false } : row));
  return {
    peripheralDeviceType: MEDIUM_CHANGER,
    commands: inOrder(primary, persistentReservationCommands, smc),
    vitalProductData: primaryVitalProductData,
    modePages: [],
    logPages: [],
    modeDeviceSpecific: 0,
  };
}

describe('a medium changer', () => {
  let unit: LogicalUnit;
  let moved: string[];
  const run = (cdb: string, on = 's1', dataOut: Uint8Array = new Uint8Array()) =>
    execute(unit, on, bytes(cdb), dataOut, 65_536);
  const outcomeOf = async (...command: Parameters<typeof run>) => outcome(await run(...command));

  beforeEach(() => {
    moved = [];
    unit = createLogicalUnit({ personality: changer(moved), identity: IDENTITY, medium: undefined, blockSize: 512 });
    for (const [at, id] of ['s1', 's2'].entries()) {
      addNexus(unit, nexus(id, { transportId: transportIdOf(at + 1), relTgtId: at + 1 }));
      unit.nexuses.get(id)?.attentions.splice(0);
    }
  });

  it('says what it is, and is ready', async () => {
    const { data } = await run(INQUIRY);
    expect(data?.[0]).toBe(MEDIUM_CHANGER);
    expect(Buffer.from(data?.subarray(8, 16) ?? []).toString()).toBe('SCST_FIO');
    expect(await outcomeOf(TEST_UNIT_READY)).toBe('GOOD');
  });

  it('lists its own commands beside the primary ones, and refuses those of a disk', async () => {
    const listed = hex((await run('a3 0c 00 00 00 00 00 00 10 00 00 00')).data);
    for (const opcode of ['a5', 'b8', '5f']) expect(listed).toContain(`${opcode}00`);
    expect(await outcomeOf('28 00 00 00 00 00 00 00 01 00')).toBe('05/20/00');
  });

  it('gives a new nexus its unit attention, and tells all of a reset', async () => {
    addNexus(unit, nexus('s3', { transportId: transportIdOf(3) }));
    expect(await outcomeOf(MOVE_MEDIUM, 's3')).toBe('06/29/00');
    expect(await outcomeOf(MOVE_MEDIUM, 's3')).toBe('GOOD');
    resetLogicalUnit(unit, 's1');
    expect(await outcomeOf(MOVE_MEDIUM, 's3')).toBe('06/29/03');
    expect(moved).toEqual(['s3']);
  });

  it('pr-07: reserved by one nexus it moves nothing for another, and still says what it is', async () => {
    expect(await outcomeOf(REGISTER, 's1', parameters('00000000 00000000', KEY))).toBe('GOOD');
    expect(await outcomeOf(RESERVE('03'), 's1', parameters(KEY, ''))).toBe('GOOD');
    expect(await outcomeOf(MOVE_MEDIUM, 's2')).toBe('CONFLICT');
    expect(await outcomeOf(READ_ELEMENT_STATUS, 's2')).toBe('CONFLICT');
    expect(await outcomeOf(INQUIRY, 's2')).toBe('GOOD');
    expect(await outcomeOf(PERSISTENT_RESERVE_IN_FULL, 's2')).toBe('GOOD');
    expect(moved).toEqual([]);
    expect(await outcomeOf(MOVE_MEDIUM, 's1')).toBe('GOOD');
    expect(moved).toEqual(['s1']);
  });

  it('pr-07: another unit of the same target, as the drive is, is not reserved with it', async () => {
    const drive = diskWithTwoNexuses();
    await run(REGISTER, 's1', parameters('00000000 00000000', KEY));
    await run(RESERVE('03'), 's1', parameters(KEY, ''));
    expect(outcome(await drive.run('28 00 00 00 00 00 00 00 01 00', { on: 's2' }))).toBe('GOOD');
  });

  it('pr-07: an element can not be reserved', async () => {
    await run(REGISTER, 's1', parameters('00000000 00000000', KEY));
    expect(await outcomeOf(RESERVE('23'), 's1', parameters(KEY, ''))).toBe('05/24/00');
    expect(await outcomeOf(MOVE_MEDIUM, 's2')).toBe('GOOD');
  });
});

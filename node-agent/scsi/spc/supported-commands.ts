// REPORT SUPPORTED OPERATION CODES and TASK MANAGEMENT FUNCTIONS (SPC-4 6.34, 6.35): the former told from the tables.
import { byteAt, bytes16, concat, putUint32, uint16, uint32 } from './bytes.js';
import type { Command, CommandDefinition } from './command.js';
import { availableOf } from './personality.js';
import { invalidFieldInCdb } from './sense.js';

const RCTD = 0x80;
const REPORTING_OPTIONS = 0x07;
const SERVACTV = 0x01;
const CTDP_IN_LIST = 0x02;
const CTDP = 0x80;
const NOT_SUPPORTED = 0x01;
const SUPPORTED = 0x03;
/** Command timeouts descriptor without times: we keep none. */
const TIMEOUTS_DESCRIPTOR = [0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

export function reportSupportedOperationCodes({ unit, cdb }: Command): Uint8Array {
  const commands = availableOf(unit.personality.commands, unit);
  const timeouts = (byteAt(cdb, 2) & RCTD) !== 0;
  const options = byteAt(cdb, 2) & REPORTING_OPTIONS;
  if (options > 3) throw invalidFieldInCdb(2, 2);
  const report =
    options === 0 ? allCommands(commands, timeouts) : oneCommand(requested(commands, cdb, options), timeouts);
  return report.subarray(0, uint32(cdb, 6));
}

function allCommands(commands: readonly CommandDefinition[], timeouts: boolean): Uint8Array {
  const descriptors = commands.map(({ opcode, serviceAction, usage }) => {
    const flags = (timeouts ? CTDP_IN_LIST : 0) | (serviceAction === undefined ? 0 : SERVACTV);
    const descriptor = [opcode, 0, ...bytes16(serviceAction ?? 0), 0, flags, ...bytes16(usage.length)];
    return timeouts ? [...descriptor, ...TIMEOUTS_DESCRIPTOR] : descriptor;
  });
  const list = concat(...descriptors);
  const header = new Uint8Array(4);
  putUint32(header, 0, list.length);
  return concat(header, list);
}

/** Option 1: an opcode that must not have service actions; 2: one that must; 3: either, by what the opcode is. */
function requested(
  commands: readonly CommandDefinition[],
  cdb: Uint8Array,
  option: number,
): CommandDefinition | undefined {
  const ofOpcode = commands.filter(({ opcode }) => opcode === byteAt(cdb, 3));
  const serviceAction = uint16(cdb, 4);
  if (ofOpcode.length === 0) return undefined;
  const hasServiceActions = ofOpcode.some((command) => command.serviceAction !== undefined);
  if (option === 1 && hasServiceActions) throw invalidFieldInCdb(2, 2);
  if (option === 2 && !hasServiceActions) throw invalidFieldInCdb(2, 2);
  if (option === 1) return ofOpcode[0];
  return ofOpcode.find((command) => (command.serviceAction ?? 0) === serviceAction);
}

function oneCommand(command: CommandDefinition | undefined, timeouts: boolean): Uint8Array {
  if (!command) return Uint8Array.from([0, NOT_SUPPORTED, 0, 0]);
  const support = SUPPORTED | (timeouts ? CTDP : 0);
  return concat([0, support], bytes16(command.usage.length), command.usage, timeouts ? TIMEOUTS_DESCRIPTOR : []);
}

const REPD = 0x80;
const ABORT_TASK = 0x80;
const LOGICAL_UNIT_RESET = 0x08;

/** What Linux's mid-layer asks of a tcm_loop host. */
export function reportSupportedTaskManagementFunctions({ cdb }: Command): Uint8Array {
  const extended = (byteAt(cdb, 2) & REPD) !== 0;
  const data = new Uint8Array(extended ? 16 : 4);
  data[0] = ABORT_TASK | LOGICAL_UNIT_RESET;
  data[3] = data.length - 4;
  return data.subarray(0, uint32(cdb, 6));
}

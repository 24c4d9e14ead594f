// What a command is: a row of an opcode table, and what its function sees when it runs.
import type { LogicalUnit } from './logical-unit.js';
import type { WriteJournal } from '../types.js';
import type { CopyPeers } from './copy/peers.js';
import type { Nexus } from './nexus.js';

/**
 * 'exclusive': changes the unit's state, so it must run while no other command of the unit runs. 'detached': reaches media
 * only as a command of their units (CopyPeer), so that it keeps no other command waiting, and can be cancelled.
 */
export type Access = 'shared' | 'exclusive' | 'detached';

/** One command on its way: what the function of a table row works on. */
export interface Command {
  readonly unit: LogicalUnit;
  readonly nexus: Nexus;
  /** Cut to the row's length; never shorter. */
  readonly cdb: Uint8Array;
  /** Data-Out as the transport brought it: shorter or longer than the CDB says, where the initiator said so. */
  readonly dataOut: Uint8Array;
  /** Bytes that the transport can take as Data-In. */
  readonly dataInLength: number;
  /** For commands with runsOnce that write to the medium. */
  readonly journal: WriteJournal;
  /** For copies between logical units. */
  readonly peers: CopyPeers;
}

/** Data-In (cut to the allocation length by the function), or nothing. Ends otherwise by throwing a CheckCondition. */
export type CommandOutcome = Uint8Array | undefined | void;

export type PersistentReservationRule = 'ignored' | 'mediumRead';

/** A row of an opcode table. */
export interface CommandDefinition {
  readonly opcode: number;
  /** Bits 4 to 0 of byte 1, for opcodes that are shared by several commands. */
  readonly serviceAction?: number;
  readonly name: string;
  /**
   * CDB usage data (SPC-4 6.34.3): the opcode, then per byte a 1 for each bit that is evaluated.
   * Its length is the length of the CDB.
   */
  readonly usage: readonly number[];
  /** Units that don't have the command; without it every unit of the personality has it. */
  readonly available?: (unit: LogicalUnit) => boolean;
  /** The command has a Data-Out phase. */
  readonly dataOut?: boolean;
  readonly access: Access;
  /** Allowed while another I_T nexus holds a reservation made by RESERVE (SPC-2 5.5.1, SBC-2 5.1). */
  readonly passesReservation?: boolean | ((cdb: Uint8Array) => boolean);
  /**
   * Under a persistent reservation whose type gives the I_T nexus no access (SPC-4 table 66, SBC-3 table 13): 'ignored':
   * runs under any type; 'mediumRead': under the write exclusive types; nothing: conflicts.
   */
  readonly persistentReservation?:
    PersistentReservationRule | ((cdb: Uint8Array) => PersistentReservationRule | undefined);
  /** Executed twice it would fail or do harm: its result is kept for the case that the initiator's kernel sends it again. */
  readonly runsOnce?: boolean;
  /** Runs although a unit attention condition is pending, and leaves it pending (SAM-5 5.14). */
  readonly passesAttention?: boolean;
  /** Runs while an operation on the whole medium goes on or has failed, or only after it has (SBC-3 4.11.3, 5.4.1). */
  readonly passesOperation?: boolean | 'failed';
  /** Refused on a write-protected unit or nexus. */
  readonly writesMedium?: boolean;
  /** Refused after a flush has failed, as what writes is. */
  readonly flushesMedium?: boolean;
  /** Refused with NOT READY while the unit has no medium. */
  readonly needsMedium?: boolean;
  readonly execute: (command: Command) => CommandOutcome | Promise<CommandOutcome>;
}

// What makes a logical unit a disk, a CD-ROM or a tape: its tables.
import type { CommandDefinition } from './command.js';
import type { LogicalUnit } from './logical-unit.js';
import type { ModePageDefinition } from './mode-pages.js';
import type { Nexus } from './nexus.js';

/** A page of vital product data (SPC-4 7.8). */
export interface VitalProductDataPage {
  readonly code: number;
  /** The page without its four header bytes. */
  readonly body: (unit: LogicalUnit, nexus: Nexus) => Uint8Array;
  /** Units that don't have the page; without it every unit of the personality has it. */
  readonly available?: (unit: LogicalUnit) => boolean;
}

/** A log page in the page_0 format (SPC-4 7.3). */
export interface LogPageDefinition {
  readonly code: number;
  /** Its parameters in ascending order of their codes; of page 00 the codes of the pages. */
  readonly parameters: (unit: LogicalUnit) => Uint8Array;
}

export interface Personality {
  /** SPC-4 table 142: 0 disk, 1 tape, 5 CD/DVD, 8 changer. */
  readonly peripheralDeviceType: number;
  /** Version descriptor of the command set (SPC-4 annex E), such as SBC-3, or nothing. */
  readonly commandSetVersion?: number;
  /** In ascending order of opcode and service action. */
  readonly commands: readonly CommandDefinition[];
  /** In ascending order; page 00 is made from the list. */
  readonly vitalProductData: readonly VitalProductDataPage[];
  /** In ascending order of page code. */
  readonly modePages: readonly ModePageDefinition[];
  /** In ascending order of page code. */
  readonly logPages: readonly LogPageDefinition[];
  /** Device-specific parameter of the mode parameter header, without WP. */
  readonly modeDeviceSpecific: number;
}

/** What of the table this unit has. */
export function availableOf<T extends { readonly available?: (unit: LogicalUnit) => boolean }>(
  table: readonly T[],
  unit: LogicalUnit,
): readonly T[] {
  return table.filter(({ available }) => available?.(unit) !== false);
}

/** Joins tables for REPORT SUPPORTED OPERATION CODES: ascending by opcode and service action. */
export function inOrder(...tables: (readonly CommandDefinition[])[]): CommandDefinition[] {
  return tables
    .flat()
    .sort((one, other) => one.opcode - other.opcode || (one.serviceAction ?? 0) - (other.serviceAction ?? 0));
}

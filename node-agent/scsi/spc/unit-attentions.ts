// Unit attention conditions: one queue per I_T nexus (SAM-5 5.14).
import type { SenseCode } from '../types.js';
import type { LogicalUnit } from './logical-unit.js';
import type { Nexus } from './nexus.js';

export type AttentionCode = Pick<SenseCode, 'asc' | 'ascq'>;

export const ATTENTION = {
  mediumMayHaveChanged: { asc: 0x28, ascq: 0x00 },
  powerOn: { asc: 0x29, ascq: 0x00 },
  busDeviceReset: { asc: 0x29, ascq: 0x03 },
  nexusLossOccurred: { asc: 0x29, ascq: 0x07 },
  modeParametersChanged: { asc: 0x2a, ascq: 0x01 },
  capacityChanged: { asc: 0x2a, ascq: 0x09 },
  timestampChanged: { asc: 0x2a, ascq: 0x10 },
  softThresholdReached: { asc: 0x38, ascq: 0x07 },
  commandsCleared: { asc: 0x2f, ascq: 0x00 },
  inquiryDataChanged: { asc: 0x3f, ascq: 0x03 },
  deviceIdentifierChanged: { asc: 0x3f, ascq: 0x05 },
} as const satisfies Record<string, AttentionCode>;

const RESET = 0x29;

/** A condition that is already pending is not queued twice. A reset goes first, and covers further resets (SAM-5 table 49). */
export function raise(unit: LogicalUnit, nexus: Nexus, code: AttentionCode): void {
  const { asc, ascq } = code;
  const covered = nexus.attentions.some(
    (pending) => pending.asc === asc && (pending.ascq === ascq || pending.asc === RESET),
  );
  if (covered) return;
  if (asc === RESET) nexus.attentions.unshift({ asc, ascq });
  else nexus.attentions.push({ asc, ascq });
  unit.stateVersion++;
}

export function raiseOnAll(unit: LogicalUnit, code: AttentionCode, except?: string): void {
  for (const nexus of unit.nexuses.values()) if (nexus.id !== except) raise(unit, nexus, code);
}

/** Takes the first pending condition, which is cleared by being reported. */
export function takeAttention(unit: LogicalUnit, nexus: Nexus): AttentionCode | undefined {
  const code = nexus.attentions.shift();
  if (code) unit.stateVersion++;
  return code;
}

// SEND DIAGNOSTIC (SPC-4 6.42): the default self-test, which a unit that answers has passed.
import { byteAt, uint16 } from './bytes.js';
import type { Command } from './command.js';
import { invalidFieldInCdb } from './sense.js';

const SELF_TEST_CODE = 0xe0;

export function sendDiagnostic({ cdb }: Command): void {
  if (byteAt(cdb, 1) & SELF_TEST_CODE) throw invalidFieldInCdb(1, 7);
  if (uint16(cdb, 3) !== 0) throw invalidFieldInCdb(3);
}

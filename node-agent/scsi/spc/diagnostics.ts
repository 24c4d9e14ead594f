// SEND DIAGNOSTIC and RECEIVE DIAGNOSTIC RESULTS (SPC-4 6.42, 6.28): the default self-test, which a unit that answers has passed.
import { byteAt, uint16 } from './bytes.js';
import type { Command } from './command.js';
import { invalidFieldInCdb } from './sense.js';

const SELF_TEST_CODE = 0xe0;

export function sendDiagnostic({ cdb }: Command): void {
  if (byteAt(cdb, 1) & SELF_TEST_CODE) throw invalidFieldInCdb(1, 7);
  if (uint16(cdb, 3) !== 0) throw invalidFieldInCdb(3);
}

const PCV = 0x01;
/** Supported diagnostic pages (SPC-4 7.2.6), of which this is the only one. */
const SUPPORTED_PAGES = Uint8Array.of(0x00, 0, 0, 1, 0x00);

/** Without PCV the page that the last SEND DIAGNOSTIC asked for: none did. */
export function receiveDiagnosticResults({ cdb }: Command): Uint8Array {
  if ((byteAt(cdb, 1) & PCV) === 0) throw invalidFieldInCdb(1, 0);
  if (byteAt(cdb, 2) !== 0) throw invalidFieldInCdb(2);
  return SUPPORTED_PAGES.subarray(0, uint16(cdb, 3));
}

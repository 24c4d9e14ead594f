// SCSI commands as a test sends them through sg, and their outcome in SCSI's words.
import { shellQuote, type TestNode } from '../../env/node/index.js';

export interface ScsiOutcome {
  status: 'GOOD' | 'CHECK CONDITION' | 'RESERVATION CONFLICT';
  /** Of CHECK CONDITION: sense key/ASC/ASCQ, such as 05/20/00. */
  sense?: string;
}

/** Seconds after which the kernel aborts a command that isn't answered. */
const TIMEOUT_SECONDS = 20;

/** Sends a CDB (hexadecimal) through the sg device that belongs to `path`; `data`: what sg_raw is told of data. */
export async function scsi(node: TestNode, path: string, cdb: string, data = ''): Promise<ScsiOutcome> {
  const [outcome] = await scsiEach(node, path, [cdb], data);
  if (outcome === undefined) throw new Error(`nothing came of ${cdb}`);
  return outcome;
}

/** Sends the CDBs one after the other; the outcomes come in the same order. */
export async function scsiEach(
  node: TestNode,
  path: string,
  cdbs: readonly string[],
  data = '',
): Promise<ScsiOutcome[]> {
  const send = `sg_raw -vv --cmdset=1 -t ${TIMEOUT_SECONDS} ${data} ${shellQuote(`${path}.sg`)}`;
  const said = await node.sh(`{ ${cdbs.map((cdb) => `${send} ${cdb}; echo "@$?";`).join('\n')} } 2>&1 < /dev/null`);
  return cdbs.map((cdb, index) => outcomeOf(cdb, said.split(/@\d+\n/)[index] ?? ''));
}

function outcomeOf(cdb: string, said: string): ScsiOutcome {
  const [, name] = /SCSI Status: (\w[\w ]*\w)/.exec(said) ?? [];
  switch (name) {
    case 'Good':
      return { status: 'GOOD' };
    case 'Reservation Conflict':
      return { status: 'RESERVATION CONFLICT' };
    case 'Check Condition':
      return { status: 'CHECK CONDITION', sense: senseOf(said) };
    default:
      throw new Error(`no SCSI status of ${cdb}:\n${said}`);
  }
}

/** Fixed-format sense data (SPC-4 4.5.3), as sg_raw dumps them. */
function senseOf(said: string): string {
  const dump = /Raw sense data.*\n\s*((?:[0-9a-f]{2}\s+)+)/i.exec(said)?.[1];
  if (dump === undefined) throw new Error(`no sense data:\n${said}`);
  const bytes = dump
    .trim()
    .split(/\s+/)
    .map((byte) => parseInt(byte, 16));
  return [(bytes[2] ?? 0) & 0x0f, bytes[12] ?? 0, bytes[13] ?? 0]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('/');
}

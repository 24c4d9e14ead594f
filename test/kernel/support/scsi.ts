// SCSI commands as a test sends them through sg, and their outcome in SCSI's words.
import type { TestNode } from '../../env/node/index.js';

export interface ScsiOutcome {
  status: 'GOOD' | 'CHECK CONDITION' | 'RESERVATION CONFLICT';
  /** Of CHECK CONDITION: sense key/ASC/ASCQ, such as 05/20/00. */
  sense?: string;
}

/** Sends a CDB (hexadecimal) through the sg device that belongs to `path`; `data`: what sg_raw is told of data. */
export async function scsi(node: TestNode, path: string, cdb: string, data = ''): Promise<ScsiOutcome> {
  const { code, stdout, stderr } = await node.run(`sg_raw -vv -t 30 ${data} ${path}.sg ${cdb}`);
  const said = `${stdout}${stderr}`;
  const [, name] = /SCSI Status: (\w[\w ]*\w)/.exec(said) ?? [];
  if (code === 0 && name === 'Good') return { status: 'GOOD' };
  if (name === 'Reservation Conflict') return { status: 'RESERVATION CONFLICT' };
  if (name !== 'Check Condition') throw new Error(`no SCSI status of ${cdb} (exit status ${code}):\n${said}`);
  return { status: 'CHECK CONDITION', sense: senseOf(said) };
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

// One SCSI command through SG_IO, which sg_raw of sg3-utils does for us.
import { spawn } from 'node:child_process';

export interface Answer {
  /** GOOD, or what sg_raw says of the status and the sense data. */
  status: string;
  /** Data-In. */
  data: Buffer;
}

/** `dataIn`: bytes that the command may return; `dataOut`: what it sends. */
export async function command(device: string, cdb: Buffer, dataIn: number, dataOut?: Buffer): Promise<Answer> {
  const transfer =
    dataOut === undefined ? (dataIn > 0 ? ['-r', String(dataIn), '-b'] : []) : ['-s', String(dataOut.length)];
  const bytes = [...cdb].map((byte) => byte.toString(16).padStart(2, '0'));
  const child = spawn('sg_raw', [...transfer, device, ...bytes], {
    stdio: [dataOut === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const data: Buffer[] = [];
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => data.push(chunk));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  // sg_raw that ends before it has read everything says why itself.
  child.stdin?.on('error', () => undefined).end(dataOut);
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code === 0) return { status: 'GOOD', data: Buffer.concat(data) };
  const sense = /Sense Information:([^]*)/.exec(said)?.[1] ?? said;
  return { status: `FAILED ${sense.trim().replace(/\s+/g, ' ')}`, data: Buffer.alloc(0) };
}

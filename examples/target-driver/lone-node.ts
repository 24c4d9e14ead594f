// Sessions on a node alone: the `scst` command writes the manifests, waits, and tells the devices.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { SgDevice, Sessions } from './sessions.js';

const SCST = join(__dirname, '../../../bin/scst');

interface Row {
  session: string;
  lun: number;
  sg: string | null;
}

export class LoneNodeSessions implements Sessions {
  constructor(private readonly target: string) {}

  async open(name: string, transportId: string): Promise<SgDevice[]> {
    await scst(['apply', '-f', '-'], this.manifest(name, transportId));
    const rows = JSON.parse(await scst(['lsscsi', '-o', 'json'])) as Row[];
    return rows.flatMap(({ session, lun, sg }) =>
      session === name && sg !== null ? [{ lun, path: `/dev/${sg}` }] : [],
    );
  }

  async close(name: string): Promise<void> {
    await scst(['delete', '-f', '-'], this.manifest(name));
  }

  private manifest(name: string, transportId?: string): string {
    const spec = { target: this.target, deletionPolicy: 'Force', ...(transportId !== undefined && { transportId }) };
    return JSON.stringify({ apiVersion: 'scst.dev/v1alpha1', kind: 'ScstSession', metadata: { name }, spec });
  }
}

/** Standard output; rejects with what the command said. */
async function scst(args: readonly string[], input = ''): Promise<string> {
  const child = spawn(SCST, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(said.err.trim());
  return said.out;
}

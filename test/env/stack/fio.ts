// fio on a test node: writes that verify what they wrote, and what became of them.
import type { BackgroundCommand, TestNode } from '../node/index.js';

export interface FioResult {
  /** errno of the first I/O error or miscompare (EILSEQ); 0 when there was none. */
  error: number;
  /** Commands that were completed. */
  reads: number;
  writes: number;
  /** Milliseconds that the slowest command took. */
  longestStallMs: number;
}

interface FioJob {
  error: number;
  read: { total_ios: number; lat_ns: { max: number } };
  write: { total_ios: number; lat_ns: { max: number } };
}

export class Fio {
  private constructor(private readonly command: BackgroundCommand) {}

  /** Writes and verifies blocks all over `filename` with 32 commands in flight, until finish() or `flags` end it. */
  static async start(node: TestNode, filename: string, flags: readonly string[] = []): Promise<Fio> {
    const command = [
      ...['fio', '--name=verify', `--filename=${filename}`, '--ioengine=libaio', '--direct=1', '--iodepth=32'],
      ...['--rw=randwrite', '--bs=4k', '--verify=crc32c', '--verify_fatal=1', '--verify_backlog=64'],
      ...['--output-format=json', ...flags],
    ];
    return new Fio(await node.spawn(command.join(' ')));
  }

  /** Ends it after what is in flight. */
  finish(): Promise<FioResult> {
    this.command.kill('SIGINT');
    return this.result();
  }

  /** Resolves when it ended. */
  async result(): Promise<FioResult> {
    await this.command.exited;
    const output = this.command.output();
    const start = output.indexOf('\n{') + 1;
    const end = output.lastIndexOf('\n}') + 2;
    const [job] = (JSON.parse(output.slice(start, end)) as { jobs: FioJob[] }).jobs;
    if (job === undefined) throw new Error(`fio told nothing: ${output}`);
    return {
      error: job.error,
      reads: job.read.total_ios,
      writes: job.write.total_ios,
      longestStallMs: Math.round(Math.max(job.read.lat_ns.max, job.write.lat_ns.max) / 1e6),
    };
  }
}

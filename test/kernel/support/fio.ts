// fio on a test node: verified I/O on a device, and what its report says of errors and of the longest wait.
import type { BackgroundCommand, TestNode } from '../../env/node/index.js';
import { eventually } from '../../env/stack/eventually.js';

export interface FioOptions {
  path: string;
  /** Seconds; default: until end(). */
  runtime?: number;
  /** MiB of the device that are used; default 32. */
  size?: number;
  /** MiB before the part that is used; default 0. */
  offset?: number;
  /** Commands in flight; default 16. */
  depth?: number;
  /** Default randrw. */
  rw?: 'randrw' | 'randwrite';
  /** Milliseconds of pause after each `depth` commands, which leave an emulated CPU time for others; default 0. */
  pause?: number;
}

export interface FioReport {
  /** Blocks that don't hold what was written, as fio tells them. */
  miscompares: number;
  /** errno of the job's first error; 0: none. */
  error: number;
  commands: number;
  longestSeconds: number;
}

interface FioDirection {
  total_ios: number;
  clat_ns: { max: number };
}

interface FioJson {
  jobs: { error: number; read: FioDirection; write: FioDirection }[];
}

export class FioRun {
  private constructor(
    private readonly command: BackgroundCommand,
    private readonly node: TestNode,
    private readonly report: string,
  ) {}

  /**
   * Resolves when it writes: a SIGINT that comes earlier is lost on it. Every block that was written is read back and
   * compared while it runs. It has a low priority: on one CPU engine and agent start beside it.
   */
  static async start(node: TestNode, options: FioOptions): Promise<FioRun> {
    const { path, runtime = 3600, size = 32, offset = 0, depth = 16, rw = 'randrw', pause = 0 } = options;
    const report = `/tmp/fio-${path.replaceAll('/', '-')}.json`;
    const words = [
      'nice -n 10 fio --name=job --ioengine=libaio --direct=1 --bs=4k --time_based --verify_fatal=1 --verify_dump=0',
      '--verify=crc32c --verify_backlog=64',
      `--filename=${path} --runtime=${runtime} --offset=${offset}M --size=${size}M --iodepth=${depth} --rw=${rw}`,
      `--output-format=json --output=${report}`,
      ...(pause === 0 ? [] : [`--thinktime=${pause}ms --thinktime_blocks=${depth}`]),
    ];
    const before = await writes(node, path);
    const run = new FioRun(await node.spawn(`cd /tmp && exec ${words.join(' ')}`), node, report);
    await eventually(async () => {
      if ((await writes(node, path)) < before + depth) throw new Error(`no I/O yet:\n${run.command.output()}`);
    });
    return run;
  }

  /** What it has said so far. */
  output(): string {
    return this.command.output();
  }

  /** Ends it once what is in flight is done. */
  end(): Promise<FioReport> {
    this.command.kill('SIGINT');
    return this.finish();
  }

  /** Waits for its end. */
  async finish(): Promise<FioReport> {
    await this.command.exited;
    const said = `${this.command.output()}\n${await this.node.sh(`cat ${this.report}`)}`;
    const start = said.indexOf('{\n');
    if (start < 0) throw new Error(`fio left no report:\n${said}`);
    const [job] = (JSON.parse(said.slice(start)) as FioJson).jobs;
    if (job === undefined) throw new Error(`fio ran no job:\n${said}`);
    return {
      miscompares: said.match(/verify: bad|verify failed/g)?.length ?? 0,
      error: job.error,
      commands: job.read.total_ios + job.write.total_ios,
      longestSeconds: Math.max(job.read.clat_ns.max, job.write.clat_ns.max) / 1e9,
    };
  }
}

/** Writes that the block device has completed. Reads tell nothing: udev reads too. */
async function writes(node: TestNode, path: string): Promise<number> {
  const fields = (await node.sh(`cat /sys/class/block/$(basename $(readlink -f ${path}))/stat`)).trim().split(/\s+/);
  return Number(fields[4]);
}

// The rows of the bench, and how fio measures one.
import type { TestNode } from '../../env/node/index.js';

export interface Job {
  readonly name: string;
  readonly rw: 'randread' | 'randwrite' | 'read' | 'write';
  readonly blockSize: '4k' | '128k';
  readonly depth: 1 | 32;
}

export const JOBS: readonly Job[] = (
  [
    ['randread', '4k'],
    ['randwrite', '4k'],
    ['read', '128k'],
    ['write', '128k'],
  ] as const
).flatMap(([rw, blockSize]) =>
  ([32, 1] as const).map((depth) => ({ name: `${rw} ${blockSize} depth ${depth}`, rw, blockSize, depth })),
);

/** Commands a second by the node's clock. Throws where fio saw an error. */
export function measure(
  node: TestNode,
  device: string,
  { rw, blockSize, depth }: Job,
  seconds: number,
): Promise<number> {
  return commandsPerSecond(node, device, `--rw=${rw} --bs=${blockSize} --iodepth=${depth}`, seconds);
}

/** The same with any options of fio. */
export async function commandsPerSecond(
  node: TestNode,
  device: string,
  options: string,
  seconds: number,
): Promise<number> {
  const output = await node.sh(
    `cd /tmp && fio --name=bench --filename=${device} --ioengine=libaio --direct=1 ${options} ` +
      `--time_based --ramp_time=${seconds / 4} --runtime=${seconds} --norandommap --randrepeat=1 ` +
      '--thread --output-format=json',
    { timeoutMs: 900_000 },
  );
  const report = JSON.parse(output.slice(output.indexOf('{'))) as {
    jobs: { error: number; read: { iops: number }; write: { iops: number } }[];
  };
  const [result] = report.jobs;
  if (result === undefined || result.error !== 0) throw new Error(`fio failed on ${device}:\n${output}`);
  return result.read.iops + result.write.iops;
}

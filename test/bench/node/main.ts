// `make bench-node`: our engine beside LIO's fileio, tcmu-runner and a minimal C engine, in one boot of one node.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, startNode, type TestNode } from '../../env/node/index.js';
import { ROOT } from '../../env/stack/paths.js';
import { contenders, RING_ALONE, type Contender } from './contenders.js';
import { JOBS, measure } from './jobs.js';
import { makeSlowDisk, measureLatency } from './latency.js';
import { chartOf, tableOf, type Result } from './report.js';

const SIZE_MIB = 128;
/** By the node's clock; on the host it takes several times as long. */
const SECONDS = 2;
const DOCUMENTS = join(ROOT, 'docs/benchmarks');

const MODULES = ['target_core_mod', 'target_core_file', 'target_core_user', 'tcm_loop'];

async function main(): Promise<void> {
  const build = join(ROOT, 'build/bench');
  mkdirSync(build, { recursive: true });
  execFileSync('cc', [
    ...['-O2', '-std=c11', '-D_GNU_SOURCE', '-fno-strict-aliasing', '-o', join(build, 'minimal-engine')],
    join(ROOT, 'test/bench/node/minimal-engine.c'),
  ]);
  const all = contenders({ build, packages: join(cacheFolder(), 'bench/root') });
  const { kernel, results } = await onNode((node) => measureThroughput(node, all));
  // tcmu-runner's image is no plain file: its blocks lie elsewhere.
  const plain = all.filter(({ name }) => name !== 'tcmu-runner' && name !== RING_ALONE);
  const latency = await onNode(async (node) => {
    await makeSlowDisk(node);
    return measureLatency(node, plain);
  });
  const report = { kernel, clock: 'instructions', seconds: SECONDS, sizeMiB: SIZE_MIB, results, latency };
  mkdirSync(DOCUMENTS, { recursive: true });
  writeFileSync(join(DOCUMENTS, 'node.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  writeFileSync(join(DOCUMENTS, 'node.svg'), chartOf(results));
  console.log(`\n${tableOf(results, all)}\n\n${tableOf(latency, plain)}`);
  console.log('\nwritten: docs/benchmarks/node.json, docs/benchmarks/node.svg');
}

async function onNode<T>(work: (node: TestNode) => Promise<T>): Promise<T> {
  console.log('booting a node whose clock counts instructions (about a minute)');
  const options = { kernel: 'qemu', name: 'bench', instructionClock: true, network: false, configfs: true } as const;
  const node = await startNode({ ...options, memoryMiB: 3072, modules: MODULES });
  try {
    return await work(node);
  } finally {
    await node.stop();
  }
}

async function measureThroughput(
  node: TestNode,
  all: readonly Contender[],
): Promise<{ kernel: string; results: Result[] }> {
  const results: Result[] = [];
  for (const contender of all) {
    console.log(`starting ${contender.name}`);
    const device = await contender.start(node, SIZE_MIB);
    // Written once, so that no row measures the first touch of a file's pages.
    await node.sh(`dd if=/dev/zero of=${device} bs=1M count=${SIZE_MIB} oflag=direct status=none`, {
      timeoutMs: 600_000,
    });
    for (const job of JOBS) {
      const iops = await measure(node, device, job, SECONDS);
      console.log(`  ${job.name.padEnd(24)} ${Math.round(iops)} commands/s by the node's clock`);
      results.push({ contender: contender.name, job: job.name, iops });
    }
  }
  return { kernel: (await node.sh('uname -r')).trim(), results };
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

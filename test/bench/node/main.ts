// `make bench-node`: our engine beside LIO's fileio, tcmu-runner and a minimal C engine, in one boot of one node.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, startNode } from '../../env/node/index.js';
import { ROOT } from '../../env/stack/paths.js';
import { contenders } from './contenders.js';
import { JOBS, measure } from './jobs.js';
import { chartOf, tableOf, type Result } from './report.js';

const SIZE_MIB = 128;
/** By the node's clock; on the host it takes several times as long. */
const SECONDS = 2;
const DOCUMENTS = join(ROOT, 'docs/benchmarks');

async function main(): Promise<void> {
  const build = join(ROOT, 'build/bench');
  mkdirSync(build, { recursive: true });
  execFileSync('cc', [
    ...['-O2', '-std=c11', '-D_GNU_SOURCE', '-fno-strict-aliasing', '-o', join(build, 'minimal-engine')],
    join(ROOT, 'test/bench/node/minimal-engine.c'),
  ]);
  console.log('booting a node whose clock counts instructions (about a minute)');
  const node = await startNode({
    kernel: 'qemu',
    name: 'bench',
    memoryMiB: 3072,
    instructionClock: true,
    network: false,
    configfs: true,
    modules: ['target_core_mod', 'target_core_file', 'target_core_user', 'tcm_loop'],
  });
  try {
    const all = contenders({ build, packages: join(cacheFolder(), 'bench/root') });
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
    const kernel = (await node.sh('uname -r')).trim();
    const report = { kernel, clock: 'instructions', seconds: SECONDS, sizeMiB: SIZE_MIB, results };
    mkdirSync(DOCUMENTS, { recursive: true });
    writeFileSync(join(DOCUMENTS, 'node.json'), `${JSON.stringify(report, undefined, 2)}\n`);
    writeFileSync(join(DOCUMENTS, 'node.svg'), chartOf(results));
    console.log(`\n${tableOf(results, all)}\n\nwritten: docs/benchmarks/node.json, docs/benchmarks/node.svg`);
  } finally {
    await node.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

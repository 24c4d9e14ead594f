// `make conformance`: libiscsi's iscsi-test-cu against our disks, and a table of what it says. Exit code 1: something failed.
import { tableOf, type TestOutcome } from './report.js';
import { ConformanceNode, SUBJECTS } from './run.js';

async function main(): Promise<void> {
  const disks = new Map<string, TestOutcome[]>();
  console.log('booting a node');
  const node = await ConformanceNode.start();
  try {
    for (const subject of SUBJECTS) {
      const outcomes = await node.conform(subject, (suite, found) =>
        console.log(`${subject.name}: ${suite}: ${found.map(({ test, outcome }) => `${test} ${outcome}`).join(', ')}`),
      );
      disks.set(subject.name, outcomes);
    }
  } finally {
    await node.stop();
  }
  console.log(`\n${tableOf(disks)}`);
  const bad = [...disks.values()].flat().some(({ outcome }) => outcome === 'failed' || outcome === 'died');
  process.exitCode = bad ? 1 : 0;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

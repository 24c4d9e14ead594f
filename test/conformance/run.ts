// Runs libiscsi's iscsi-test-cu against a disk on a real kernel, through the sg devices of its two sessions.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { cacheFolder } from '../env/node/index.js';
import { LoneNode } from '../kernel/support/lone-node.js';
import { disk, diskPath } from '../kernel/support/manifests.js';
import { outcomesOf, testsOf, type TestOutcome } from './report.js';

/** Suites of the tool's family without iSCSI: all that makes sense of a disk. */
const FAMILY = 'SCSI';
const SUITE_TIMEOUT_MS = 180_000;

export interface Subject {
  name: string;
  /** Of vdiskFileio. */
  properties: Readonly<Record<string, unknown>>;
  /** Default: every suite. */
  suites?: readonly string[];
}

export const SUBJECTS: readonly Subject[] = [
  { name: 'thin', properties: { thinProvisioned: true, rotational: false } },
  { name: 'removable', properties: { removable: true } },
  { name: 'read-only', properties: { readOnly: true }, suites: ['Inquiry', 'ReadOnly', 'TestUnitReady'] },
];

/** Outcomes of all tests; `onSuite` is told each suite's as it ends. */
export async function conform(
  subject: Subject,
  onSuite: (suite: string, outcomes: readonly TestOutcome[]) => void,
): Promise<TestOutcome[]> {
  const suites = [...testsOf(run('--list'), FAMILY)].filter(([suite]) => subject.suites?.includes(suite) ?? true);
  const node = await LoneNode.boot({ kernel: 'uml' });
  const outcomes: TestOutcome[] = [];
  try {
    await node.sh('mkdir -p /var/lib/scst && truncate -s 64M /var/lib/scst/c.img');
    await node.apply('c.yaml', disk('c', { sessions: ['a', 'b'], properties: subject.properties }));
    await node.startAgent();
    const paths = [diskPath('c', 'a'), diskPath('c', 'b')];
    await node.ready(...paths);
    for (const [suite, tests] of suites) {
      // Each suite begins without a unit attention of the one before on either session.
      await node.sh(paths.map((path) => `while ! sg_turs ${path}.sg > /dev/null 2>&1; do :; done`).join('; '));
      const { stdout } = await node.machine.run(
        `${tool()} --dataloss --allow-sanitize --test ${FAMILY}.${suite} ${paths.map((path) => `$(readlink -f ${path}.sg)`).join(' ')} 2>&1`,
        { timeoutMs: SUITE_TIMEOUT_MS },
      );
      const found = outcomesOf(suite, tests, stdout);
      outcomes.push(...found);
      onSuite(suite, found);
    }
    await node.machine.assertCleanKernel();
  } finally {
    await node.stop();
  }
  return outcomes;
}

function root(): string {
  return join(cacheFolder(), 'conformance/root/usr');
}

/** The same folder on the host and in the node. */
function tool(): string {
  return `LD_LIBRARY_PATH=${root()}/lib/x86_64-linux-gnu ${root()}/bin/iscsi-test-cu`;
}

function run(argument: string): string {
  return execFileSync('sh', ['-c', `${tool()} ${argument}`], { encoding: 'utf8' });
}

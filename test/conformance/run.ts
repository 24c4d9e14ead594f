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
  {
    // What is tested of disks whose physical blocks have several logical ones. (GetLBAStatus.UnmapSingle asks for a block and
    // expects the next physical one there.)
    name: 'of large physical blocks',
    properties: { thinProvisioned: true, rotational: false, physicalBlockSize: 4096 },
    suites: ['WriteSame10', 'WriteSame16'],
  },
  {
    name: 'read-only',
    properties: { readOnly: true, thinProvisioned: true, rotational: false },
    suites: ['Inquiry', 'ReadOnly', 'TestUnitReady'],
  },
];

/** A node with a disk for each of the subjects. */
export class ConformanceNode {
  private constructor(private readonly node: LoneNode) {}

  static async start(): Promise<ConformanceNode> {
    const node = await LoneNode.boot({ kernel: 'uml' });
    try {
      for (const [at, { properties }] of SUBJECTS.entries()) {
        const name = nameOf(at);
        await node.sh(`mkdir -p /var/lib/scst && truncate -s 64M /var/lib/scst/${name}.img`);
        await node.apply(`${name}.yaml`, disk(name, { sessions: sessionsOf(name), properties }));
      }
      await node.startAgent();
      await node.ready(...SUBJECTS.flatMap((_, at) => pathsOf(at)));
      // Whoever has the disk itself open prevents the removal of its medium (sd_open), as udev does that probes it again with
      // each unit attention that the tests cause.
      await node.sh('udevadm settle && udevadm control --stop-exec-queue');
    } catch (error) {
      await node.stop();
      throw error;
    }
    return new ConformanceNode(node);
  }

  /** Outcomes of all the subject's tests; `onSuite` is told each suite's as it ends. */
  async conform(
    subject: Subject,
    onSuite: (suite: string, outcomes: readonly TestOutcome[]) => void = () => undefined,
  ): Promise<TestOutcome[]> {
    const suites = [...testsOf(run('--list'), FAMILY)].filter(([suite]) => subject.suites?.includes(suite) ?? true);
    const outcomes: TestOutcome[] = [];
    for (const [suite, tests] of suites) {
      const found = await runSuite(this.node, pathsOf(SUBJECTS.indexOf(subject)), suite, tests);
      outcomes.push(...found);
      onSuite(suite, found);
    }
    await this.node.machine.assertCleanKernel();
    return outcomes;
  }

  stop(): Promise<void> {
    return this.node.stop();
  }
}

function nameOf(at: number): string {
  return `disk${at}`;
}

function sessionsOf(name: string): string[] {
  return ['a', 'b'].map((session) => `${name}-${session}`);
}

/** Of the disk of the subject with this index, one for each session. */
function pathsOf(at: number): string[] {
  const name = nameOf(at);
  return sessionsOf(name).map((session) => diskPath(name, session));
}

/** The tests of a suite; those behind one in which the tool died, one by one. */
async function runSuite(
  node: LoneNode,
  paths: readonly string[],
  suite: string,
  tests: readonly string[],
): Promise<TestOutcome[]> {
  const outcomes = outcomesOf(suite, tests, await runTool(node, paths, suite));
  const last = outcomes.findIndex(({ outcome }) => outcome === 'died' || outcome === 'tool');
  if (last < 0) return outcomes;
  const done = outcomes.slice(0, last + 1);
  for (const test of tests.slice(done.length)) {
    done.push(...outcomesOf(suite, [test], await runTool(node, paths, `${suite}.${test}`)));
  }
  return done;
}

/**
 * Its output. It begins on zeros where it assumes them, and without what ran before: a unit attention, or the result of a
 * copy that nobody has asked for. The zeros are written through sg too: udev probes a disk that was written to.
 */
async function runTool(node: LoneNode, paths: readonly string[], tests: string): Promise<string> {
  const devices = paths.map((path) => `$(readlink -f ${path}.sg)`).join(' ');
  const command = [
    ...paths.map((path) => `while ! sg_turs ${path}.sg > /dev/null 2>&1; do :; done`),
    `sg_dd if=/dev/zero of=${paths[0]}.sg bs=512 count=2048 > /dev/null 2>&1`,
    `sg_raw -r 12 ${paths[0]}.sg 84 00 01 00 00 00 00 00 00 00 00 00 00 0c 00 00 > /dev/null 2>&1`,
    `${tool()} --dataloss --allow-sanitize --test ${FAMILY}.${tests} ${devices} 2>&1`,
  ].join('; ');
  return (await node.machine.run(command, { timeoutMs: SUITE_TIMEOUT_MS })).stdout;
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

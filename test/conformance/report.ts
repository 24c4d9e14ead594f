// What iscsi-test-cu says: the outcomes of its tests out of its output, and the table of them (pure).

export interface TestOutcome {
  suite: string;
  test: string;
  outcome: 'passed' | 'failed' | 'skipped' | 'died' | 'tool';
  /** What the tool says of a test that failed or was skipped; for 'tool' why that is the tool's own defect. */
  reason: string;
}

/** Tests that the tool (1.19) itself fails through sg devices, whatever the disk: what it then says, and why. */
const TOOL_DEFECTS: Readonly<Record<string, { says: RegExp; why: string }>> = {
  'Unmap.ZeroBlocks': {
    says: /^\[FAILED\] Failed to send UNMAP command: SG_IO ioctl failed/,
    why: 'it asks the kernel for a transfer of -8 bytes, which never reaches the disk',
  },
  'Sanitize.OverwriteReserved': {
    says: /^(Segmentation fault)?$/,
    why: 'it dies, because it looks for an iSCSI context that an sg device has not',
  },
};

/** The tests of a family by suite, in the order of `--list`, whose lines are FAMILY.SUITE.TEST. */
export function testsOf(list: string, family: string): Map<string, string[]> {
  const suites = new Map<string, string[]>();
  for (const line of list.split('\n')) {
    const [first, suite, test] = line.trim().split('.');
    if (first !== family || suite === undefined || test === undefined) continue;
    suites.set(suite, [...(suites.get(suite) ?? []), test]);
  }
  return suites;
}

/** A test that the output has no end of is one in which the tool died. */
export function outcomesOf(suite: string, tests: readonly string[], output: string): TestOutcome[] {
  return tests.map((test) => {
    const start = output.indexOf(`  Test: ${test} ...`);
    if (start < 0) return { suite, test, outcome: 'died', reason: 'the tool ended before it' };
    const text = output.slice(start + `  Test: ${test} ...`.length);
    const section = text.slice(0, lengthOf(text));
    const reason = section
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && line !== 'passed' && line !== 'FAILED')
      .join(' · ');
    const outcome = outcomeOf(section);
    const defect = TOOL_DEFECTS[`${suite}.${test}`];
    return (outcome === 'failed' || outcome === 'died') && defect?.says.test(reason)
      ? { suite, test, outcome: 'tool', reason: defect.why }
      : { suite, test, outcome, reason };
  });
}

/** Up to the next test, or the summary. */
function lengthOf(text: string): number {
  const next = text.search(/\n {2}Test: |\nRun Summary:/);
  return next < 0 ? text.length : next;
}

function outcomeOf(section: string): TestOutcome['outcome'] {
  // At the start of a line: within one it is only the tool's talk on the way.
  if (/^FAILED/m.test(section)) return 'failed';
  if (!/^passed/m.test(section)) return 'died';
  return /\[SKIPPED\]/.test(section) ? 'skipped' : 'passed';
}

/** One row per suite, a column per disk, then what failed and why what was skipped. */
export function tableOf(disks: ReadonlyMap<string, readonly TestOutcome[]>): string {
  const names = [...disks.keys()];
  const suites = [...new Set([...disks.values()].flat().map(({ suite }) => suite))];
  const rows = [
    ['passed / failed / skipped', ...names],
    ...suites.map((suite) => [suite, ...names.map((name) => countsOf(ofSuite(disks.get(name) ?? [], suite)))]),
    ['all', ...names.map((name) => countsOf(disks.get(name) ?? []))],
  ];
  const widths = names.map((_, at) => Math.max(...rows.map((row) => row[at + 1]?.length ?? 0)));
  const first = Math.max(...rows.map(([suite]) => suite?.length ?? 0));
  const lines = rows.map(([suite = '', ...cells]) =>
    [suite.padEnd(first), ...cells.map((cell, at) => cell.padStart(widths[at] ?? 0))].join('   '),
  );
  return [...lines, '', ...names.flatMap((name) => remarksOf(name, disks.get(name) ?? []))].join('\n');
}

function ofSuite(outcomes: readonly TestOutcome[], wanted: string): TestOutcome[] {
  return outcomes.filter(({ suite }) => suite === wanted);
}

function countsOf(outcomes: readonly TestOutcome[]): string {
  if (outcomes.length === 0) return '–';
  const count = (...wanted: TestOutcome['outcome'][]) =>
    outcomes.filter(({ outcome }) => wanted.includes(outcome)).length;
  return `${count('passed')} / ${count('failed', 'died')} / ${count('skipped')}`;
}

function remarksOf(disk: string, outcomes: readonly TestOutcome[]): string[] {
  const bad = outcomes.filter(({ outcome }) => outcome === 'failed' || outcome === 'died');
  const skipped = new Map<string, string[]>();
  for (const { suite, test, outcome, reason } of outcomes) {
    if (outcome !== 'skipped') continue;
    const why = /\[SKIPPED\] (.*?)(?: ·|$)/.exec(reason)?.[1] ?? reason;
    skipped.set(why, [...(skipped.get(why) ?? []), `${suite}.${test}`]);
  }
  return [
    ...bad.map(({ suite, test, outcome, reason }) => `${disk}: ${outcome}: ${suite}.${test}: ${reason}`),
    ...outcomes
      .filter(({ outcome }) => outcome === 'tool')
      .map(({ suite, test, reason }) => `${disk}: the tool's own defect: ${suite}.${test}: ${reason}`),
    ...[...skipped].map(([why, tests]) => `${disk}: skipped: ${why} (${tests.join(', ')})`),
  ];
}

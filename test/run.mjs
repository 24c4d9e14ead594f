// Runs test levels and closes with one line: N passed, N failed, over all of them.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';

/**
 * One stage after the other; the runs of a stage at the same time, each with so many files at once (default: jest's
 * choice). Machines and servers share the cores; QEMU’s machines take turns, but for the one by which the kernel level
 * tests the test nodes (see Launch.niceness).
 */
const STAGES = [
  [{ levels: ['native'], workers: 1 }],
  [{ levels: ['lint'] }, { levels: ['unit'], workers: 1 }, { levels: ['cluster'], workers: 2 }],
  [
    { levels: ['two-cpus'], workers: 1 },
    { levels: ['kernel', 'e2e'], workers: 2 },
  ],
];
const LEVELS = STAGES.flat().flatMap(({ levels }) => levels);
const wanted = process.argv.slice(2);
const unknown = wanted.filter((level) => !LEVELS.includes(level));
if (wanted.length === 0 || unknown.length > 0) {
  console.error(`usage: node test/run.mjs LEVEL...   levels: ${LEVELS.join(' ')}`);
  process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), 'scst-test-'));
const rows = [];
for (const stage of STAGES) {
  const runs = stage.flatMap((run) => {
    const levels = run.levels.filter((level) => wanted.includes(level));
    return levels.length === 0 ? [] : [{ ...run, levels }];
  });
  if (runs.length > 0) console.log(`==> ${runs.flatMap(({ levels }) => levels).join(', ')}`);
  rows.push(...(await Promise.all(runs.map((run) => (run.levels[0] === 'lint' ? runLint() : runJest(run))))).flat());
}
rmSync(directory, { recursive: true, force: true });

console.log('');
for (const row of rows) {
  console.log(
    `${row.level.padEnd(8)} ${String(row.passed).padStart(5)} passed ${String(row.failed).padStart(4)} failed  ${row.seconds} s`,
  );
}
const passed = rows.reduce((sum, row) => sum + row.passed, 0);
const failed = rows.reduce((sum, row) => sum + row.failed, 0);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed`);

async function runLint() {
  const started = Date.now();
  const checks = [
    ['npx', 'eslint', '.'],
    ['npx', 'prettier', '--check', '--log-level', 'warn', '.'],
    ['node', 'dist/crds/generate.js', '--check'],
  ];
  const held = [];
  for (const check of checks) held.push((await statusOf(check)) === 0);
  const seconds = Math.round((Date.now() - started) / 1000);
  return [{ level: 'lint', passed: held.filter(Boolean).length, failed: held.filter((each) => !each).length, seconds }];
}

/** A row for each of the levels. */
async function runJest({ levels, workers }) {
  const report = join(directory, `${levels.join('-')}.json`);
  const args = [
    'npx',
    'jest',
    '--selectProjects',
    ...levels,
    '--json',
    `--outputFile=${report}`,
    '--reporters=default',
  ];
  if (workers !== undefined) args.push(`--maxWorkers=${workers}`);
  const status = await statusOf(args);
  let files;
  try {
    files = JSON.parse(readFileSync(report, 'utf8')).testResults;
  } catch {
    console.error(`${levels.join(', ')}: jest ended with ${status} and left no report`);
    return levels.map((level) => ({ level, passed: 0, failed: 1, seconds: 0 }));
  }
  const counted = levels.map((level) =>
    countsOf(
      level,
      levels.length === 1 ? files : files.filter(({ name }) => name.includes(`${sep}test${sep}${level}${sep}`)),
    ),
  );
  // A failure that no test is to blame for, such as one of jest itself.
  if (status !== 0 && counted.every(({ failed }) => failed === 0)) counted[0].failed += 1;
  return counted;
}

/** The exit status of a command. */
function statusOf([program, ...args]) {
  return new Promise((ended) => {
    spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] }).on('close', ended);
  });
}

/** A suite that could not run, a skipped test and a level without tests are failures: none may pass unnoticed. */
function countsOf(level, files) {
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const broken = files.filter((file) => file.assertionResults.length === 0 && file.status === 'failed').length;
  const failed = tests.length - passed + broken + (tests.length === 0 && broken === 0 ? 1 : 0);
  const began = Math.min(...files.map(({ startTime }) => startTime));
  const ended = Math.max(...files.map(({ endTime }) => endTime));
  return { level, passed, failed, seconds: files.length === 0 ? 0 : Math.round((ended - began) / 1000) };
}

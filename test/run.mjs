// Runs test levels one after the other and closes with one line: N passed, N failed, over all of them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LEVELS = ['lint', 'unit', 'native', 'cluster', 'kernel', 'e2e'];
/** How many files at a time, where that isn't jest's choice: machines and servers share the cores. */
const WORKERS = { native: 1, cluster: 1, kernel: 2, e2e: 1 };
const wanted = process.argv.slice(2);
const unknown = wanted.filter((level) => !LEVELS.includes(level));
if (wanted.length === 0 || unknown.length > 0) {
  console.error(`usage: node test/run.mjs LEVEL...   levels: ${LEVELS.join(' ')}`);
  process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), 'scst-test-'));
const rows = wanted.map((level) => {
  console.log(`==> ${level}`);
  const started = Date.now();
  const counts = level === 'lint' ? runLint() : runJest(level);
  return { level, ...counts, seconds: Math.round((Date.now() - started) / 1000) };
});
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

function runLint() {
  const checks = [
    ['npx', 'eslint', '.'],
    ['npx', 'prettier', '--check', '--log-level', 'warn', '.'],
    ['node', 'dist/crds/generate.js', '--check'],
  ];
  const results = checks.map(([command, ...args]) => spawnSync(command, args, { stdio: 'inherit' }).status === 0);
  return { passed: results.filter(Boolean).length, failed: results.filter((held) => !held).length };
}

function runJest(level) {
  const report = join(directory, `${level}.json`);
  const args = [
    'jest',
    '--selectProjects',
    level,
    '--json',
    `--outputFile=${report}`,
    '--testLocationInResults',
    '--reporters=default',
  ];
  const workers = WORKERS[level];
  const { status } = spawnSync('npx', workers === undefined ? args : [...args, `--maxWorkers=${workers}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    console.error(`level ${level}: jest ended with ${status} and left no report`);
    return { passed: 0, failed: 1 };
  }
  // A suite that could not run, a skipped test and a level without tests are failures: none may pass unnoticed.
  const broken = result.numRuntimeErrorTestSuites + result.numPendingTests + result.numTodoTests;
  const none = result.numTotalTests === 0 ? 1 : 0;
  const silent = status !== 0 && result.numFailedTests + broken + none === 0 ? 1 : 0;
  return { passed: result.numPassedTests, failed: result.numFailedTests + broken + none + silent };
}

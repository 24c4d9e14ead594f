// docs/conditions.md names every reason that a condition can have.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** The words of a union of string literals. */
function wordsOf(file: string, type: string): string[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  const [, union = ''] = new RegExp(`type ${type} =([^]*?)(\n\n|$)`).exec(source) ?? [];
  return [...union.matchAll(/\| '(\w+)'/g)].map(([, word = '']) => word);
}

test.each([
  ['operator/plan/objects.ts', 'FindingReason', 20],
  ['node-agent/protocol/types.ts', 'UnitReason', 15],
  ['node-agent/lio/diff/steps.ts', 'FindingReason', 6],
])('those of %s', (file, type, least) => {
  const documented = readFileSync(join(ROOT, 'docs/conditions.md'), 'utf8');
  const words = wordsOf(file, type);
  expect(words.length).toBeGreaterThanOrEqual(least);
  expect(words.filter((word) => !documented.includes(`\`${word}\``))).toEqual([]);
});

// The package that a program belongs to: where it is, and its version.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The nearest directory from `from` upwards with a package.json: dist/ has none of its own. Undefined where there is none. */
export function packageRoot(from: string): string | undefined {
  if (existsSync(join(from, 'package.json'))) return from;
  return dirname(from) === from ? undefined : packageRoot(dirname(from));
}

/** What its package.json says. */
export function packageVersion(from: string): string {
  const root = packageRoot(from);
  if (root === undefined) return 'unknown';
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

// The version of the package that this program belongs to.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** From the nearest package.json above `from`: dist/ has none of its own. */
export function packageVersion(from: string): string {
  const path = join(from, 'package.json');
  if (existsSync(path)) return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  if (dirname(from) === from) return 'unknown';
  return packageVersion(dirname(from));
}

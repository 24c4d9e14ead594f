// The version of this package.
import { readFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** As package.json says: above this file in a checkout, above dist/ when compiled. */
export function packageVersion(): string {
  let directory = __dirname;
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return (JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { version: string }).version;
}

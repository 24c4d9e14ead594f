// Where the checkout is, seen from the sources as well as from dist/; guests see it under the same path.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of package.json. */
export const ROOT = findRoot(__dirname);
export const CHART = join(ROOT, 'charts/scst-operator');
export const EXAMPLES = join(ROOT, 'examples');

/** Absolute path of a file that `make build` makes; throws when it isn't there. */
export function built(path: string): string {
  const absolute = join(ROOT, path);
  if (!existsSync(absolute)) throw new Error(`${absolute} is missing: run "make build" first`);
  return absolute;
}

function findRoot(from: string): string {
  return existsSync(join(from, 'package.json')) ? from : findRoot(dirname(from));
}

// Equality of configurations.
import { isDeepStrictEqual } from 'node:util';

/** By value; a property that is undefined equals one that is absent, as JSON has it. */
export function equal(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(normalise(a), normalise(b));
}

function normalise(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}

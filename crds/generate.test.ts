// The generated types are what the CRD YAML says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateTypes } from './generate.js';
import { crdsDirectory } from './load.js';

// prettier loads itself by a dynamic import, which jest refuses; the generator lays out its text itself.
jest.mock('prettier', () => ({}));

test('crds/types.ts has no drift from the CRD YAML', async () => {
  expect(readFileSync(join(crdsDirectory(), 'types.ts'), 'utf8')).toBe(await generateTypes());
});

// The generated types are what the CRD YAML says.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateTypes } from './generate.js';
import { crdsDirectory } from './load.js';

// prettier loads itself by a dynamic import, which jest refuses; the generator lays out its text itself.
jest.mock('prettier', () => ({}));

test('the types have no drift from the CRD YAML', async () => {
  const generated = await generateTypes();
  for (const [name, text] of generated) expect(readFileSync(join(crdsDirectory(), name), 'utf8')).toBe(text);
  const present = readdirSync(join(crdsDirectory(), 'types')).map((file) => `types/${file}`);
  expect(['types.ts', ...present].sort()).toEqual([...generated.keys()].sort());
});

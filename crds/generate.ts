// Generates crds/types.ts and crds/types/ from the CRD YAML: `node dist/crds/generate.js` writes them, `--check` fails when they differ.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { compile } from 'json-schema-to-typescript';
import { crdsDirectory, loadCrd, type StructuralSchema } from './load.js';
import { PLURALS, type Kind } from './names.js';
import { COMMON, splitTypes } from './split-types.js';

type JsonSchema = Parameters<typeof compile>[0];

const ORIGIN = `Generated from crds/*.yaml by crds/generate.ts: change the YAML, then run
// \`node dist/crds/generate.js\`.
`;

const METADATA = `/** The fields of metav1.ObjectMeta that this project reads or writes. */
export interface ObjectMeta {
  name: string;
  uid?: string;
  generation?: number;
  resourceVersion?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
}
/** metav1.OwnerReference. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}
`;

const INDEX_IMPORTS = `import type { ScstDevice } from './types/scstdevices.js';
import type { ScstLun } from './types/scstluns.js';
import type { NodeTarget } from './types/scstnodes.js';
import type { ScstSession } from './types/scstsessions.js';
import type { ScstTarget } from './types/scsttargets.js';
`;
const INDEX = `/** What of an object an entry of a ScstNode came from. */
export type EntrySource = Pick<NodeTarget, 'name' | 'uid' | 'generation'>;
/** An object that users write. */
export type UserObject = ScstDevice | ScstTarget | ScstSession | ScstLun;
`;

/** By its path below crds/, the text that each generated file should have. */
export async function generateTypes(directory = crdsDirectory()): Promise<Map<string, string>> {
  const definitions: Record<string, JsonSchema> = {};
  const users = new Map<string, Set<string>>();
  const objects: string[] = [];
  for (const kind of Object.keys(PLURALS) as Kind[]) {
    const { schema } = loadCrd(kind, directory);
    const { spec, status } = schema.properties ?? {};
    if (spec === undefined || status === undefined) {
      throw new Error(`${kind}: the schema has no spec or no status`);
    }
    const used = new Set<string>([kind]);
    toDefinition(spec, definitions, used);
    toDefinition(status, definitions, used);
    for (const name of used) users.set(name, (users.get(name) ?? new Set<string>()).add(PLURALS[kind]));
    objects.push(
      `/** ${schema.description ?? kind} */\nexport interface ${kind} {\n  apiVersion: 'scst.dev/v1alpha1';\n  kind: '${kind}';\n` +
        `  metadata: ObjectMeta;\n  spec: ${kind}Spec;\n  status?: ${kind}Status;\n}\n`,
    );
  }
  // json-schema-to-typescript emits what the root refers to; the root itself is cut off again.
  const root: JsonSchema = {
    title: 'GeneratedRoot',
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(Object.keys(definitions).map((name) => [name, { $ref: `#/definitions/${name}` }])),
    definitions,
  };
  const generated = await compile(root, 'GeneratedRoot', {
    additionalProperties: false,
    bannerComment: '',
    format: false,
    ignoreMinAndMaxItems: true,
  });
  const text = generated.replace(/export interface GeneratedRoot \{[\s\S]*?\n\}\n/, '');
  const files = splitTypes(`${METADATA}${objects.join('')}${layOut(text)}`, users);
  const names = [...files.keys()].sort();
  const all = names.map((name) => `export type * from './types/${name}.js';\n`).join('');
  return new Map([
    ['types.ts', `// Types of the objects, all of them. ${ORIGIN}${INDEX_IMPORTS}\n${all}\n${INDEX}`],
    ...[...files].map(([name, content]): [string, string] => [
      `types/${name}.ts`,
      `// Types of ${name === COMMON ? 'what several kinds share' : `${name}.scst.dev`}. ${ORIGIN}\n${content}`,
    ]),
  ]);
}

/** Turns a schema with a title into a reference to a definition of that name, and what is below it too; `used` gets the names. */
function toDefinition(
  schema: StructuralSchema,
  definitions: Record<string, JsonSchema>,
  used: Set<string>,
): JsonSchema {
  const converted: JsonSchema = {};
  converted.description = schema.description;
  if (schema['x-kubernetes-int-or-string'] === true) {
    converted.type = ['string', 'integer'];
  } else if (schema.enum !== undefined) {
    converted.enum = schema.enum as JsonSchema['enum'];
  } else {
    converted.type = schema.type as JsonSchema['type'];
  }
  if (schema.required !== undefined) {
    converted.required = schema.required;
  }
  if (schema.properties !== undefined) {
    converted.additionalProperties = false;
    converted.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, toDefinition(property, definitions, used)]),
    );
  }
  if (schema.items !== undefined) {
    converted.items = toDefinition(schema.items, definitions, used);
  }
  if (schema.additionalProperties !== undefined) {
    converted.additionalProperties = toDefinition(schema.additionalProperties, definitions, used);
  }
  if (schema.title === undefined) {
    return converted;
  }
  const known = definitions[schema.title];
  // Where a type is used it may be described in other words; the first ones stand at the type.
  if (
    known !== undefined &&
    !isDeepStrictEqual({ ...known, description: undefined }, { ...converted, description: undefined })
  ) {
    throw new Error(`two schemas have the title ${schema.title} and differ`);
  }
  definitions[schema.title] = known ?? converted;
  used.add(schema.title);
  return { $ref: `#/definitions/${schema.title}` };
}

/** Lays out unformatted declarations: prettier, which json-schema-to-typescript would use, can't be loaded in tests. */
function layOut(text: string): string {
  let depth = 0;
  return text
    .replace(/\/\*\*\n \* (.*)\n \*\//g, '/** $1 */')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      if (line.startsWith('}')) {
        depth -= 1;
      }
      const indented = `${'  '.repeat(depth)}${line.replace(/([:=]) \((.*)\)$/, '$1 $2').replaceAll('"', "'")}`;
      if (line.endsWith('{')) {
        depth += 1;
        return indented;
      }
      return depth > 0 || line.startsWith('export type') ? indented.replace(/([^/;])$/, '$1;') : indented;
    })
    .join('\n');
}

async function main(): Promise<void> {
  for (const [name, text] of await generateTypes()) {
    const path = join(crdsDirectory(), name);
    if (!process.argv.includes('--check')) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    } else if (readFileSync(path, 'utf8') !== text) {
      process.stderr.write(`crds/${name} differs from the CRD YAML: run node dist/crds/generate.js\n`);
      process.exitCode = 1;
    }
  }
}

if (require.main === module) {
  void main();
}

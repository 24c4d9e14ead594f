// What every CRD must have: words for each field, limits, and what kubectl shows and takes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { crdsDirectory, loadCrd, type StructuralSchema } from './load.js';
import { PLURALS, type Kind } from './names.js';

const KINDS = Object.keys(PLURALS) as Kind[];
const USER_KINDS = KINDS.filter((kind) => kind !== 'ScstNode');

interface Definition {
  spec: {
    scope: string;
    names: { shortNames?: string[]; categories?: string[] };
    versions: { additionalPrinterColumns?: { name: string }[] }[];
  };
}

function definition(kind: Kind): Definition {
  return parse(readFileSync(join(crdsDirectory(), `${PLURALS[kind]}.yaml`), 'utf8')) as Definition;
}

/** Every field of spec and status by its path, with the items of lists and the values of maps. */
function fields(schema: StructuralSchema, path = ''): [string, StructuralSchema][] {
  const below = [
    ...Object.entries(schema.properties ?? {}).map(([name, field]): [string, StructuralSchema] => [
      `${path}.${name}`,
      field,
    ]),
    ...(schema.items === undefined ? [] : [[`${path}[]`, schema.items] as [string, StructuralSchema]]),
    ...(schema.additionalProperties === undefined
      ? []
      : [[`${path}{}`, schema.additionalProperties] as [string, StructuralSchema]]),
  ];
  return below.flatMap(([at, field]) => [[at, field] as [string, StructuralSchema], ...fields(field, at)]);
}

function ofSpecAndStatus(kind: Kind): [string, StructuralSchema][] {
  const { spec, status } = loadCrd(kind).schema.properties ?? {};
  return fields({ properties: { spec: spec ?? {}, status: status ?? {} } });
}

describe.each(KINDS)('%s', (kind) => {
  it('has a description on every field', () => {
    const named = ofSpecAndStatus(kind).filter(([path]) => !/[\]}]$/.test(path));
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter(([, { description = '' }]) => description.length < 5).map(([path]) => path)).toEqual([]);
  });

  it('bounds every string, list and map', () => {
    const unbounded = ofSpecAndStatus(kind).filter(
      ([, field]) =>
        (field.type === 'string' &&
          field.maxLength === undefined &&
          field.enum === undefined &&
          field.format !== 'date-time') ||
        (field.type === 'array' && field.maxItems === undefined) ||
        (field.additionalProperties !== undefined && field.maxProperties === undefined),
    );
    expect(unbounded.map(([path]) => path)).toEqual([]);
  });

  it('is cluster-scoped, with a short name and printer columns', () => {
    const { scope, names, versions } = definition(kind).spec;
    expect(scope).toBe('Cluster');
    expect(names.shortNames).toHaveLength(1);
    expect(versions[0]?.additionalPrinterColumns?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Ready', 'Age']),
    );
  });
});

it('the kinds that users write, and no other, are in the category scst', () => {
  const inCategory = KINDS.filter((kind) => definition(kind).spec.names.categories?.includes('scst'));
  expect(inCategory).toEqual(USER_KINDS);
});

it('short names are unique', () => {
  const all = KINDS.flatMap((kind) => definition(kind).spec.names.shortNames ?? []);
  expect(new Set(all).size).toBe(KINDS.length);
});

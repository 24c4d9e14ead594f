// Validates a manifest as the API server would: schema, defaults and CEL rules of the same CRD YAML.
import type { ValidateFunction } from 'ajv';
import { loadCrd, type StructuralSchema } from '../load.js';
import { API_VERSION, PLURALS, USER_KINDS, type Kind } from '../names.js';
import type { ScstNode, UserObject } from '../types.js';
import { brokenRules, type FieldError } from './rules.js';
import { compileSchema, fieldOf, messageOf } from './schema.js';

export type { FieldError };

/** The object with its defaults, or every field that is wrong. */
export type Validated<T extends UserObject | ScstNode = UserObject> =
  { valid: true; object: T } | { valid: false; errors: FieldError[] };

interface Compiled {
  schema: StructuralSchema;
  validate: ValidateFunction;
}
const compiled = new Map<Kind, Compiled>();

/**
 * Validates one manifest. `previousSpec` is the spec that the object had before: with it, what is immutable counts too.
 * The argument is left as it is. Reads each CRD file once.
 */
export function validateManifest(manifest: unknown, previousSpec?: unknown): Validated {
  const problem = envelopeProblem(manifest);
  if (problem !== undefined) {
    return { valid: false, errors: [problem] };
  }
  const object = withoutNulls(manifest) as UserObject;
  // As with a cluster, status in a manifest is nobody's wish.
  delete object.status;
  const { schema, validate } = compiledFor(object.kind);
  if (!validate(object)) {
    const errors = (validate.errors ?? []).map((error) => ({ field: fieldOf(error), message: messageOf(error) }));
    return { valid: false, errors: unique(errors) };
  }
  const errors = brokenRules(schema, object, previousSpec === undefined ? undefined : { spec: previousSpec });
  return errors.length === 0 ? { valid: true, object } : { valid: false, errors };
}

/** Reads and compiles all schemas, which takes longer than to validate hundreds of manifests by them. */
export function prepareValidation(): void {
  for (const kind of USER_KINDS) compiledFor(kind);
}

function envelopeProblem(manifest: unknown): FieldError | undefined {
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) {
    return { field: '', message: 'a manifest is an object with apiVersion, kind, metadata and spec' };
  }
  const { apiVersion, kind } = manifest as { apiVersion?: unknown; kind?: unknown };
  if (apiVersion !== API_VERSION) {
    return { field: 'apiVersion', message: `must be ${API_VERSION}` };
  }
  return typeof kind === 'string' && Object.hasOwn(PLURALS, kind)
    ? undefined
    : { field: 'kind', message: `must be one of ${Object.keys(PLURALS).join(', ')}` };
}

function compiledFor(kind: Kind): Compiled {
  let found = compiled.get(kind);
  if (found === undefined) {
    const { schema } = loadCrd(kind);
    found = { schema, validate: compileSchema(schema) };
    compiled.set(kind, found);
  }
  return found;
}

/** A deep copy; the API server drops null where a field isn't nullable, and none of ours is. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutNulls);
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
    return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]));
  }
  return value;
}

function unique(errors: FieldError[]): FieldError[] {
  return [...new Map(errors.map((error) => [`${error.field}\0${error.message}`, error])).values()];
}

// The CEL rules of the CRDs, evaluated as the API server does: transition rules only where there is an old value.
import { Environment } from '@marcbachmann/cel-js';
import type { StructuralSchema, ValidationRule } from '../load.js';
import { parseQuantity, QuantityError } from '../quantity.js';
import { joinField } from './schema.js';

/** A field that breaks a rule. */
export interface FieldError {
  /** As in the API server's answers: `spec.vdiskFileio.size`. */
  field: string;
  message: string;
}

/** Kubernetes' quantity type in CEL, as far as whole numbers need it. */
class Quantity {
  readonly bytes: bigint | undefined;
  readonly malformed: boolean;

  constructor(text: string) {
    let error: QuantityError | undefined;
    try {
      this.bytes = parseQuantity(text);
    } catch (thrown) {
      if (!(thrown instanceof QuantityError)) {
        throw thrown;
      }
      error = thrown;
    }
    this.malformed = error?.code === 'MALFORMED';
  }
}

const environment = new Environment()
  .registerVariable('self', 'dyn')
  .registerVariable('oldSelf', 'dyn')
  .registerType('Quantity', { ctor: Quantity, fields: {} })
  .registerFunction('isQuantity(string): bool', (text: string) => !new Quantity(text).malformed)
  .registerFunction('quantity(string): Quantity', (text: string) => new Quantity(text))
  .registerFunction('Quantity.isInteger(): bool', (quantity: Quantity) => quantity.bytes !== undefined)
  .registerFunction('Quantity.asInteger(): int', (quantity: Quantity) => {
    if (quantity.bytes === undefined) {
      throw new Error('the quantity is not a whole number of 64 bits');
    }
    return quantity.bytes;
  });

const parsed = new Map<string, (variables: Record<string, unknown>) => unknown>();

/** The rules of a schema and of all below it that a value breaks. `old` is what the value was before, if it was. */
export function brokenRules(schema: StructuralSchema, value: unknown, old: unknown, field = ''): FieldError[] {
  if (value === undefined) {
    return [];
  }
  const errors = (schema['x-kubernetes-validations'] ?? [])
    .filter((rule) => !holds(rule, value, old))
    .map((rule) => ({
      field: `${field}${rule.fieldPath ?? ''}`,
      message: rule.message ?? `breaks the rule ${rule.rule}`,
    }));
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    errors.push(...brokenRules(property, member(value, name), member(old, name), joinField(field, name)));
  }
  if (schema.additionalProperties !== undefined) {
    for (const [name, item] of Object.entries(value ?? {})) {
      errors.push(...brokenRules(schema.additionalProperties, item, member(old, name), joinField(field, name)));
    }
  }
  if (schema.items !== undefined && Array.isArray(value)) {
    for (const [position, item] of value.entries()) {
      // Items of a list have no old value: in an atomic list nothing says which it was.
      errors.push(...brokenRules(schema.items, item, undefined, `${field}[${position}]`));
    }
  }
  return errors;
}

function holds({ rule }: ValidationRule, self: unknown, oldSelf: unknown): boolean {
  if (oldSelf === undefined && /\boldSelf\b/.test(rule)) {
    return true;
  }
  let evaluate = parsed.get(rule);
  if (evaluate === undefined) {
    evaluate = environment.parse(rule);
    parsed.set(rule, evaluate);
  }
  try {
    return evaluate({ self: toCel(self), oldSelf: toCel(oldSelf) }) === true;
  } catch {
    // The API server counts a rule that can't be evaluated as broken too.
    return false;
  }
}

/** CEL tells int from double; JSON's whole numbers are ints. */
function toCel(value: unknown): unknown {
  if (typeof value === 'number' && Number.isSafeInteger(value)) {
    return BigInt(value);
  }
  if (Array.isArray(value)) {
    return value.map(toCel);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toCel(item)]));
  }
  return value ?? null;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

// Quantities to bytes and back.
import fc from 'fast-check';
import { formatQuantity, parseQuantity, QuantityError } from './quantity.js';

test.each([
  ['0', 0n],
  [512, 512n],
  ['1Ki', 1024n],
  ['1k', 1000n],
  ['1.5Gi', 1610612736n],
  ['0.5Ki', 512n],
  ['1E', 10n ** 18n],
  ['7Ei', 7n << 60n],
  ['9223372036854775807', 2n ** 63n - 1n],
])('%s is %s bytes', (text, bytes) => {
  expect(parseQuantity(text)).toBe(bytes);
});

test.each([
  ['', 'MALFORMED'],
  ['Gi', 'MALFORMED'],
  ['1GB', 'MALFORMED'],
  ['1 Gi', 'MALFORMED'],
  ['-1', 'MALFORMED'],
  ['.5Gi', 'MALFORMED'],
  ['1e3', 'MALFORMED'],
  [1.5, 'FRACTION'],
  ['1.3Ki', 'FRACTION'],
  ['8Ei', 'TOO_LARGE'],
])('%j is refused as %s', (text, code) => {
  expect(() => parseQuantity(text)).toThrow(QuantityError);
  expect(() => parseQuantity(text)).toThrow(expect.objectContaining({ code }) as Error);
});

test('what is printed is read as the same number of bytes', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 40 }), fc.constantFrom(1, 512, 2 ** 10, 2 ** 12), (count, unit) => {
      expect(parseQuantity(formatQuantity(count * unit))).toBe(BigInt(count * unit));
    }),
  );
  expect([formatQuantity(2 ** 30), formatQuantity(1536), formatQuantity(0)]).toEqual(['1Gi', '1536', '0']);
});

// Kubernetes quantities to whole bytes and back, exactly.

/** Why a quantity isn't a number of bytes. */
export class QuantityError extends Error {
  constructor(
    readonly code: 'MALFORMED' | 'FRACTION' | 'TOO_LARGE',
    text: string,
    problem: string,
  ) {
    super(`${text} ${problem}`);
    this.name = 'QuantityError';
  }
}

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  k: 1000n,
  M: 1000n ** 2n,
  G: 1000n ** 3n,
  T: 1000n ** 4n,
  P: 1000n ** 5n,
  E: 1000n ** 6n,
  Ki: 1024n,
  Mi: 1024n ** 2n,
  Gi: 1024n ** 3n,
  Ti: 1024n ** 4n,
  Pi: 1024n ** 5n,
  Ei: 1024n ** 6n,
};
const MAXIMUM = 2n ** 63n - 1n;
const BINARY_UNITS = ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki'] as const;

/** Bytes of a quantity (`1Gi`, `1.5Ki`, `512`, 512). Throws QuantityError when it is not a whole number below 2^63. */
export function parseQuantity(quantity: string | number): bigint {
  const text = String(quantity);
  const match = /^([0-9]+)(?:[.]([0-9]+))?([A-Za-z]*)$/.exec(text);
  const unit = match === null ? undefined : UNITS[match[3] ?? ''];
  if (match === null || unit === undefined) {
    throw new QuantityError('MALFORMED', text, 'is not a quantity such as 1Gi or 1048576');
  }
  const fraction = match[2] ?? '';
  const scaled = BigInt(`${match[1] ?? ''}${fraction}`) * unit;
  const divisor = 10n ** BigInt(fraction.length);
  if (scaled % divisor !== 0n) {
    throw new QuantityError('FRACTION', text, 'is not a whole number of bytes');
  }
  const bytes = scaled / divisor;
  if (bytes > MAXIMUM) {
    throw new QuantityError('TOO_LARGE', text, 'is more than 2^63-1 bytes');
  }
  return bytes;
}

/** Bytes as the shortest quantity with a binary unit that is exact: 1073741824 is 1Gi. */
export function formatQuantity(bytes: number): string {
  for (const name of BINARY_UNITS) {
    const unit = Number(UNITS[name]);
    if (bytes >= unit && bytes % unit === 0) {
      return `${bytes / unit}${name}`;
    }
  }
  return String(bytes);
}

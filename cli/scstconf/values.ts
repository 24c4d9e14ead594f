// Values of scst.conf: numbers as the kernel reads them, and names as Kubernetes takes them.

/** As kstrtoull with base 0: decimal, 0x or 0 for octal; undefined: no such number. */
export function numberOf(text: string): number | undefined {
  const match = /^\+?(?:0x([0-9a-f]+)|(0[0-7]*)|([1-9][0-9]*))$/i.exec(text);
  if (match === null) return undefined;
  const [, hexadecimal, octal, decimal] = match;
  const value =
    hexadecimal !== undefined ? parseInt(hexadecimal, 16) : octal !== undefined ? parseInt(octal, 8) : Number(decimal);
  return Number.isSafeInteger(value) ? value : undefined;
}

const LONGEST_NAME = 200;

/** The nearest valid name of an object; not unique. */
export function objectName(...parts: readonly string[]): string {
  const name = parts
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/[-.]*\.[-.]*/g, '.')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, LONGEST_NAME)
    .replace(/[-.]+$/, '');
  return name === '' ? 'x' : name;
}

/** Gives each of several things a name of its own: a number is added where one is taken. */
export class Names {
  private readonly taken = new Set<string>();

  take(...parts: readonly string[]): string {
    const name = objectName(...parts);
    let unique = name;
    for (let number = 2; this.taken.has(unique); number += 1) unique = `${name}-${number}`;
    this.taken.add(unique);
    return unique;
  }
}

/** The one of these words that a misspelt one stands for, if any is near enough. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  return (
    known.find((each) => plain(each) === plain(word)) ?? known.find((each) => differsByOne(plain(each), plain(word)))
  );
}

/** One character more, less or other. */
function differsByOne(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return a.slice(at + 1) === b.slice(at + 1) || a.slice(at) === b.slice(at + 1) || a.slice(at + 1) === b.slice(at);
}

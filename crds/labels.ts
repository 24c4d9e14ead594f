// Labels as people write them on a command line.

/** `KEY=VALUE,KEY=VALUE`, of which a value may be empty; undefined: it isn't that. */
export function parseLabels(text: string): Record<string, string> | undefined {
  const pairs = text.split(',').map((pair) => /^([^=]+)=([^=]*)$/.exec(pair));
  return pairs.includes(null) ? undefined : Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? '']));
}

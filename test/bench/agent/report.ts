// The rows of `make bench-agent` as text.

export interface Row {
  name: string;
  ours: number;
  /** What the C program took; absent where there is none. */
  yardstick?: number;
  unit: 'ms' | 'MiB';
}

/** The value that `percent` of the values don't exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
}

/** In Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const text = (value: number | undefined, unit: string) => (value === undefined ? '' : `${Math.round(value)} ${unit}`);
  return [
    '| | SCST Local | C program |',
    '| --- | ---: | ---: |',
    ...rows.map(({ name, ours, yardstick, unit }) => `| ${name} | ${text(ours, unit)} | ${text(yardstick, unit)} |`),
  ].join('\n');
}

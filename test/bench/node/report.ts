// The bench's results as a table of ratios and as a bar chart (pure).
import type { Contender } from './contenders.js';

export interface Result {
  contender: string;
  job: string;
  /** Commands a second by the node's clock; only ratios within one boot mean anything. */
  iops: number;
}

/** Every figure is relative to the first contender's. */
export function tableOf(results: readonly Result[], contenders: readonly Contender[]): string {
  const names = contenders.map(({ name }) => name);
  const rows = jobsOf(results).map((job) => [job, ...names.map((name) => ratio(results, name, job).toFixed(2))]);
  const header = ['', ...names];
  const widths = header.map((text, at) => Math.max(text.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: string[]): string =>
    row.map((text, at) => (at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0))).join('  ');
  const notes = contenders.map(({ name, note }) => `${name}: ${note}`);
  return [line(header), ...rows.map(line), '', `1.00 is ${names[0] ?? ''} in the same boot.`, ...notes].join('\n');
}

const COLOURS = ['#9aa5b1', '#d9a441', '#5b8c5a', '#c3cfd9', '#2f6fb3'];
const BAR = 14;
const LEFT = 190;
const SCALE = 420;

/** An SVG: a group of bars per row, as long as the ratio to the first contender. */
export function chartOf(results: readonly Result[]): string {
  const names = [...new Set(results.map(({ contender }) => contender))];
  const jobs = jobsOf(results);
  const group = names.length * BAR + 16;
  const height = 48 + jobs.length * group;
  const legend = names.map(
    (name, at) =>
      `<rect x="${LEFT + at * 125}" y="12" width="12" height="12" fill="${COLOURS[at] ?? '#000'}"/>` +
      `<text x="${LEFT + 18 + at * 125}" y="22">${name}</text>`,
  );
  const bars = jobs.flatMap((job, row) => [
    `<text x="${LEFT - 10}" y="${48 + row * group + group / 2 - 4}" text-anchor="end">${job}</text>`,
    ...names.map((name, at) => {
      const value = ratio(results, name, job);
      const y = 40 + row * group + at * BAR;
      return (
        `<rect x="${LEFT}" y="${y}" width="${(value * SCALE).toFixed(1)}" height="${BAR - 2}" fill="${COLOURS[at] ?? '#000'}"/>` +
        `<text x="${(LEFT + value * SCALE + 6).toFixed(1)}" y="${y + BAR - 4}">${value.toFixed(2)}</text>`
      );
    }),
  ]);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="840" height="${height}" font-family="sans-serif" font-size="12">\n` +
    `<rect width="100%" height="100%" fill="#fff"/>\n${[...legend, ...bars].join('\n')}\n</svg>\n`
  );
}

function jobsOf(results: readonly Result[]): string[] {
  return [...new Set(results.map(({ job }) => job))];
}

function ratio(results: readonly Result[], contender: string, job: string): number {
  const of = (name: string | undefined): number =>
    results.find((result) => result.contender === name && result.job === job)?.iops ?? NaN;
  return of(contender) / of(results[0]?.contender);
}

// Where a command writes: text, tables and machine formats, with colours on a terminal only.
import Table from 'cli-table3';
import pico from 'picocolors';
import { stringify } from 'yaml';

export type Format = 'table' | 'wide' | 'json' | 'yaml' | 'name';

export interface Output {
  write(text: string): void;
  /** Colours, and lines that are written over, make sense. */
  isTerminal: boolean;
}

export interface Terminal {
  out: Output;
  /** For what isn't the answer: errors, and progress. */
  err: Output;
}

export type Paint = ReturnType<typeof pico.createColors>;

export function paintFor({ isTerminal }: Output): Paint {
  return pico.createColors(isTerminal && process.env.NO_COLOR === undefined);
}

/** Ready is green, Failed is red, what goes on is yellow. */
export function paintState(paint: Paint, state: string): string {
  if (state === 'Ready') return paint.green(state);
  return state === 'Failed' || state === 'Unknown' ? paint.red(state) : paint.yellow(state);
}

/** Columns two blanks apart, as wide as what is in them: nothing is cut. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string {
  const table = new Table({
    chars: {
      ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' },
      ...{
        'bottom-right': '',
        left: '',
        'left-mid': '',
        mid: '',
        'mid-mid': '',
        right: '',
        'right-mid': '',
        middle: '  ',
      },
    },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  table.push(
    head.map((text) => paint.bold(text)),
    ...rows.map((row) => [...row]),
  );
  const lines = table.toString().split('\n');
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** A value as JSON or YAML. */
export function machineText(value: unknown, format: 'json' | 'yaml'): string {
  return format === 'json' ? `${JSON.stringify(value, undefined, 2)}\n` : stringify(value, { lineWidth: 0 });
}

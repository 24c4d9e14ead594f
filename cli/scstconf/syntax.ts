// The statements of an scst.conf, as they stand in the file, and what is said about them.

/** In a file; both count from 1. */
export interface Position {
  line: number;
  column: number;
}

export interface Word extends Position {
  /** Without quotes and escapes. */
  text: string;
}

/** `NAME VALUE`, `KEYWORD NAME {`, `LUN 0 disk {`; with a body it is a block. */
export interface Statement extends Position {
  /** One at least. */
  words: readonly Word[];
  body?: readonly Statement[];
  /** Line of the statement's `}`. */
  endLine?: number;
}

/** What is wrong with the file, or with what it asks for. */
export interface Problem extends Position {
  severity: 'error' | 'warning';
  message: string;
}

/**
 * Begins a comment that scstadmin ignores and import understands: what scst.conf has no word for. It stands alone on its
 * line.
 */
export const ANNOTATION = '#:';

/** The text of a statement's word, or nothing. */
export function wordOf({ words }: Statement, index: number): string | undefined {
  return words[index]?.text;
}

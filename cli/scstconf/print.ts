// Statements to an scst.conf that scstadmin can load.
import { ANNOTATION, type Statement } from './syntax.js';

/** A word that scst.conf can't hold. */
export class NotRepresentable extends Error {
  constructor(readonly text: string) {
    super(`scst.conf can’t hold ${JSON.stringify(text)}: no quotation marks, braces, tabs and line ends`);
  }
}

/** What is to be printed; places in a file don't matter. */
export type Printable = { words: readonly { text: string }[]; body?: readonly Printable[] };

/** The text of a file, empty for no statements. Throws NotRepresentable. */
export function printScstConf(statements: readonly Printable[]): string {
  return statements.map((statement) => printStatement(statement, 0)).join('');
}

/** A statement of these words. */
export function statement(words: readonly (string | number)[], body?: readonly Printable[]): Printable {
  return { words: words.map((text) => ({ text: String(text) })), ...(body && { body }) };
}

function printStatement({ words, body }: Printable, depth: number): string {
  const indent = '\t'.repeat(depth);
  const head = `${indent}${words.map(({ text }, at) => printWord(text, at)).join(' ')}`;
  if (body === undefined) return `${head}\n`;
  const inner = body.map((child) => printStatement(child, depth + 1)).join('');
  return `${head} {\n${inner}${indent}}\n${depth === 0 ? '\n' : ''}`;
}

/** scstadmin's own escapes: a backslash before # and backslash, quotes around what has a blank. */
function printWord(text: string, at: number): string {
  if (at === 0 && text === ANNOTATION) return text;
  // A control character would end the word, or the line.
  if (/["{}\x00-\x1f\x7f]/.test(text)) throw new NotRepresentable(text);
  const escaped = text.replace(/[\\#]/g, '\\$&');
  return text === '' || text.includes(' ') ? `"${escaped}"` : escaped;
}

/** The statements without their places, as print takes them. */
export function printable(statements: readonly Statement[]): Printable[] {
  return statements.map(({ words, body }) => ({
    words: words.map(({ text }) => ({ text })),
    ...(body && { body: printable(body) }),
  }));
}

// One line of an scst.conf: its comment, its escapes and quotes, and the words and braces that are left.
import { ANNOTATION, type Problem, type Word } from './syntax.js';

export type Token = ({ kind: 'word' } & Word) | { kind: 'open' | 'close'; line: number; column: number };

export interface TokenLine {
  line: number;
  tokens: Token[];
  problems: Problem[];
}

/** The line is of SCST 1.x's procfs format, which nobody reads any more. */
export function isOldFormat(text: string): boolean {
  return /^\s*\[(HANDLER|GROUP|ASSIGNMENT)\s[^\]]*\]/.test(text);
}

/** The words and braces of a line. */
export function tokensOf(text: string, line: number): TokenLine {
  return new LineReader(text, line).read();
}

class LineReader {
  private readonly tokens: Token[] = [];
  private readonly problems: Problem[] = [];
  private at = 0;
  private readonly end: number;

  constructor(
    private readonly text: string,
    private readonly line: number,
  ) {
    const annotation = text.trimStart().startsWith(ANNOTATION);
    this.end = annotation ? text.length : this.commentStart();
  }

  read(): TokenLine {
    for (;;) {
      while (this.at < this.end && /\s/.test(this.text[this.at] ?? '')) this.at += 1;
      if (this.at >= this.end) return { line: this.line, tokens: this.tokens, problems: this.problems };
      const [column, character] = [this.at + 1, this.text[this.at]];
      if (character === '{' || character === '}') {
        this.tokens.push({ kind: character === '{' ? 'open' : 'close', line: this.line, column });
        this.at += 1;
      } else if (character === '"') {
        this.quoted(column);
      } else {
        this.bare(column);
      }
    }
  }

  /** scstadmin takes the first # that no backslash precedes, also within quotes, and loses the character before it. */
  private commentStart(): number {
    if (this.text.startsWith('#')) return 0;
    const found = /[^\\]#/.exec(this.text);
    if (found === null) return this.text.length;
    if (/\S/.test(found[0].charAt(0)))
      this.warn(
        found.index + 2,
        `scstadmin takes # for a comment, and loses the character before it; write \\# or a blank`,
      );
    return found.index + 1;
  }

  private quoted(column: number): void {
    const close = this.text.indexOf('"', this.at + 1);
    if (close < 0 || close >= this.end) {
      this.fail(
        column,
        'the quotation mark isn’t closed on its line (a # begins a comment also within quotes: write \\#)',
      );
      this.at = this.end;
      return;
    }
    const inner = this.text.slice(this.at + 1, close);
    if (/[{}]/.test(inner))
      this.fail(column, 'scst.conf can’t have braces within quotes: scstadmin takes them for blocks');
    if (/(^|[^\\])(\\\\)*\\$/.test(inner))
      this.fail(close + 1, 'scst.conf can’t have a quotation mark within quotes: \\" ends them');
    this.push(inner, column);
    this.at = close + 1;
  }

  private bare(column: number): void {
    const start = this.at;
    while (this.at < this.end && !/[\s{}]/.test(this.text[this.at] ?? ''))
      this.at += this.text[this.at] === '\\' ? 2 : 1;
    this.at = Math.min(this.at, this.end);
    const raw = this.text.slice(start, this.at);
    if (raw.includes('"')) this.fail(column, 'a quotation mark has to stand at the beginning of a word');
    this.push(raw, column);
  }

  private push(raw: string, column: number): void {
    const isAnnotation = this.tokens.length === 0 && raw === ANNOTATION;
    const text = isAnnotation ? raw : raw.replace(/\\(.)/g, '$1');
    this.tokens.push({ kind: 'word', text, line: this.line, column });
  }

  private fail(column: number, message: string): void {
    this.problems.push({ severity: 'error', line: this.line, column, message });
  }

  private warn(column: number, message: string): void {
    this.problems.push({ severity: 'warning', line: this.line, column, message });
  }
}

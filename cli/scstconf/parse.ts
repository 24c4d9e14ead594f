// scst.conf to statements. What scstadmin would lose without a word is an error here, with its place.
import { isOldFormat, tokensOf, type Token } from './lines.js';
import type { Position, Problem, Statement, Word } from './syntax.js';

export interface Parsed {
  statements: Statement[];
  /** In the order of the file; with an error among them the statements are of no use. */
  problems: Problem[];
}

/** A block whose } has yet to come. */
interface Open {
  head?: { words: Word[] } & Position;
  body: Statement[];
}

/** The statements of a file's text. */
export function parseScstConf(text: string): Parsed {
  const lines = text.split(/\r?\n/);
  const old = lines.findIndex((line) => isOldFormat(line));
  if (old >= 0) {
    const message =
      'this is the format of SCST 1.x (procfs), which can’t be imported: have a newer scstadmin write it anew';
    return { statements: [], problems: [{ severity: 'error', line: old + 1, column: 1, message }] };
  }
  const parser = new Parser();
  lines.forEach((line, index) => parser.line(tokensOf(line, index + 1)));
  return parser.end();
}

class Parser {
  private readonly root: Open = { body: [] };
  private readonly open: Open[] = [this.root];
  private readonly problems: Problem[] = [];

  line({ tokens, problems }: ReturnType<typeof tokensOf>): void {
    this.problems.push(...problems);
    let words: Word[] = [];
    let opened: Token | undefined;
    let lost = false;
    for (const token of tokens) {
      if (opened !== undefined && !lost) {
        this.fail(opened, 'a { has to end its line: scstadmin loses what follows it there');
        lost = true;
      }
      if (token.kind === 'word') {
        words.push({ text: token.text, line: token.line, column: token.column });
      } else if (token.kind === 'open') {
        this.openBlock(token, words);
        words = [];
        opened = token;
      } else {
        if (words.length > 0 && !lost)
          this.fail(token, 'a } has to stand at the beginning of its line: scstadmin loses what precedes it');
        words = [];
        this.closeBlock(token);
      }
    }
    const [first] = words;
    if (first !== undefined) this.current.body.push({ words, line: first.line, column: first.column });
  }

  end(): Parsed {
    const unclosed = this.open.slice(1).flatMap(({ head }) => head ?? []);
    if (unclosed.length > 0) {
      // Where a block of one kind stands within another of its kind, the } of the outer one is what is missing.
      const nested = nestedAlike(unclosed, this.open);
      const { head, before } = nested ?? { head: unclosed.at(-1), before: undefined };
      const where = before === undefined ? '' : ` before line ${before.line}`;
      if (head !== undefined) this.fail(head, `the block ${nameOf(head.words)} isn’t closed: a } is missing${where}`);
    }
    this.problems.sort((a, b) => a.line - b.line || a.column - b.column);
    return { statements: this.root.body, problems: this.problems };
  }

  private get current(): Open {
    return this.open.at(-1) ?? this.root;
  }

  private openBlock(token: Token, words: Word[]): void {
    const [first] = words;
    if (first === undefined)
      this.fail(token, 'a block without a head: scstadmin drops it; { belongs on the line of its head');
    this.open.push({ ...(first && { head: { words, line: first.line, column: first.column } }), body: [] });
  }

  private closeBlock(token: Token): void {
    if (this.open.length === 1) {
      const headless = this.root.body.findLast(({ words, body }) => isHead(words) && body === undefined);
      if (headless === undefined) this.fail(token, 'no block is open here: a } too many');
      else
        this.fail(headless, `a { is missing behind ${nameOf(headless.words)}: line ${token.line} has a } without it`);
      return;
    }
    const block = this.open.pop();
    if (block?.head !== undefined) this.current.body.push({ ...block.head, body: block.body, endLine: token.line });
  }

  private fail({ line, column }: Position, message: string): void {
    this.problems.push({ severity: 'error', line, column, message });
  }
}

const TOP_LEVEL = ['HANDLER', 'TARGET_DRIVER', 'DEVICE_GROUP'];

/** What has to be a block. */
function isHead(words: readonly Word[]): boolean {
  return TOP_LEVEL.includes(words[0]?.text ?? '');
}

/** A block that has a block of its own kind in it, which scst.conf doesn't have. */
function nestedAlike(unclosed: readonly NonNullable<Open['head']>[], open: readonly Open[]) {
  const statements = open.flatMap(({ body }) => body);
  const heads = [...unclosed.map((head, at) => ({ ...head, body: open[at + 1]?.body })), ...statements];
  for (const head of heads) {
    const before = head.body?.find(({ words, body }) => body !== undefined && words[0]?.text === head.words[0]?.text);
    if (before !== undefined) return { head: { ...head, words: [...head.words] }, before };
  }
  return undefined;
}

function nameOf(words: readonly Word[]): string {
  return words.map(({ text }) => text).join(' ');
}

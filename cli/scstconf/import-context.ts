// What the parts of an import share: the problems that they find, and how a statement's place is told.
import type { UserObject } from '../../crds/types.js';
import { IGNORED } from './attributes.js';
import type { Position, Problem, Statement } from './syntax.js';
import { nearest } from './values.js';

export class ImportContext {
  readonly problems: Problem[] = [];
  /** Where each object comes from. */
  readonly origins = new Map<UserObject, Position>();

  error(at: Statement, message: string, word = 0): void {
    this.add('error', at, message, word);
  }

  /** Something that isn't carried over, or that scstadmin would do in a way that surprises. */
  warn(at: Statement, message: string, word = 0): void {
    this.add('warning', at, message, word);
  }

  /**
   * The last of the statements that scstadmin takes for the same thing, because it keeps no other; the earlier ones are
   * told. `key` undefined: each counts.
   */
  lastOfEach(statements: readonly Statement[], key: (each: Statement) => string | undefined): Statement[] {
    const last = new Map<string, Statement>();
    for (const each of statements) {
      const name = key(each);
      const former = name === undefined ? undefined : last.get(name);
      if (name === undefined) continue;
      if (former !== undefined)
        this.warn(former, `scstadmin forgets this ${name}, because line ${each.line} has it again; so does the import`);
      last.set(name, each);
    }
    return statements.filter((each) => {
      const name = key(each);
      return name === undefined || last.get(name) === each;
    });
  }

  /** An attribute that has no place in the objects. Silent where its value is what is so anyway. */
  attribute(at: Statement, level: keyof typeof IGNORED, known: readonly string[]): void {
    const name = at.words[0]?.text ?? '';
    const value = at.words[1]?.text ?? '';
    if (name in IGNORED[level]) {
      const usual = IGNORED[level][name];
      if (usual !== undefined && usual !== value) this.warn(at, `${name} isn't carried over: it has no meaning here`);
      return;
    }
    const meant = nearest(name, known);
    // What was meant would be lost: a disk that should be read-only would be writable.
    if (meant !== undefined) this.error(at, `there is no attribute ${name}; did you mean ${meant}?`);
    else this.warn(at, `the attribute ${name} isn't known, and isn't carried over`);
  }

  /** The value of an attribute; scstadmin refuses more than one word. */
  valueOf(at: Statement): string {
    if (at.words.length > 2) this.error(at, `${at.words[0]?.text ?? ''} has more than one word: quote the value`, 2);
    return at.words[1]?.text ?? '';
  }

  private add(severity: Problem['severity'], at: Statement, message: string, word: number): void {
    const { line, column } = at.words[word] ?? at;
    this.problems.push({ severity, line, column, message });
  }
}

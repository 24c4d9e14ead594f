// Reading and writing scst.conf: words, comments, blocks, what is refused with its place, and that printing loses nothing.
import fc from 'fast-check';
import { parseScstConf } from './parse.js';
import { NotRepresentable, printable, printScstConf, statement, type Printable } from './print.js';
import { ANNOTATION } from './syntax.js';

/** The words of each statement, blocks as [words, ...statements]. */
function read(text: string): unknown {
  const { statements, problems } = parseScstConf(text);
  const shape = (list: readonly Printable[]): unknown[] =>
    list.map(({ words, body }) => {
      const head = words.map((word) => word.text);
      return body === undefined ? head : [head, ...shape(body)];
    });
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return shape(statements);
}

const problems = (text: string) =>
  parseScstConf(text).problems.map(({ severity, line, column, message }) => `${severity} ${line}:${column} ${message}`);

describe('reading', () => {
  it.each<[string, string, unknown]>([
    ['words apart by blanks and tabs', ' a\tb  c \n', [['a', 'b', 'c']]],
    ['quoted words', 'prod_id "LAB  DISK"', [['prod_id', 'LAB  DISK']]],
    ['an empty value', 'IncomingUser ""', [['IncomingUser', '']]],
    ['comments in the first column and behind blanks', '#x\n  # y\nsetup_id 7 # z', [['setup_id', '7']]],
    [
      'escapes',
      'usn ab\\#01\nid back\\\\slash',
      [
        ['usn', 'ab#01'],
        ['id', 'back\\slash'],
      ],
    ],
    [
      'blocks',
      'A x {\n\tB y\n}\n',
      [
        [
          ['A', 'x'],
          ['B', 'y'],
        ],
      ],
    ],
    [
      'a brace right behind a name, and blanks',
      'T tight:tgt{\n L 0 d\n } \n',
      [
        [
          ['T', 'tight:tgt'],
          ['L', '0', 'd'],
        ],
      ],
    ],
    ['an empty block', 'H dev_disk {\n}', [[['H', 'dev_disk']]]],
    [
      'lines of Windows',
      'a 1\r\nb 2\r\n',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['an annotation', '\t#: transport_id s 06', [['#:', 'transport_id', 's', '06']]],
  ])('takes %s', (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each<[string, string, RegExp]>([
    ['an open quotation mark', 'a "b', /^error 1:3 the quotation mark isn’t closed/],
    ['a comment that cuts quotes', 'a "b #c"', /^error 1:3 .*write \\#/],
    ['an escaped quotation mark', 'a "b\\"c"', /^error 1:6 .*quotation mark within quotes/],
    ['braces within quotes', 'a "/x{y}"', /^error 1:3 .*braces within quotes/],
    ['what follows {', 'T x { enabled 1\n}', /^error 1:5 a { has to end its line/],
    ['what precedes }', 'T x {\n enabled 1 }', /^error 2:12 a } has to stand at the beginning/],
    ['a block on its own line', 'T x\n{\n a 1\n}', /^error 2:1 a block without a head/],
    ['a } too many', 'a 1\n}', /^error 2:1 no block is open/],
    ['a { that is missing', 'HANDLER h\n D d {\n }\n}', /^error 1:1 a { is missing behind HANDLER h: line 4/],
    ['a } that is missing', 'A x {\n B y {\n }\n', /^error 1:1 the block A x isn’t closed/],
    [
      'a } that is missing before a block of the same kind',
      'A x {\n T y {\n T z {\n }\n }\n',
      /^error 2:2 the block T y isn’t closed: .* before line 3/,
    ],
    ['the old format', '\n[HANDLER vdisk]\n', /^error 2:1 this is the format of SCST 1\.x/],
    ['a character that scstadmin loses', 'a b# c', /^warning 1:4 scstadmin takes # for a comment/],
  ])('tells of %s where it is', (_, text, expected) => {
    expect(problems(text)[0]).toMatch(expected);
  });
});

const text = fc.string({ unit: fc.constantFrom(...'ab01 #\\:*?!-_./=é'), maxLength: 12 });
const words = fc
  .array(text, { minLength: 1, maxLength: 4 })
  .filter(([first]) => first !== ANNOTATION && first !== undefined);
const { statements } = fc.letrec<{ one: Printable; statements: Printable[] }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 3 },
    words.map((each) => statement(each)),
    fc.tuple(words, tie('statements')).map(([head, body]) => statement(head, body)),
    fc.array(text, { maxLength: 3 }).map((rest) => statement([ANNOTATION, ...rest])),
  ),
  statements: fc.array(tie('one'), { maxLength: 4 }),
}));

describe('writing', () => {
  it('and reading again gives the same statements', () => {
    fc.assert(
      fc.property(statements, (wanted) => {
        const { statements: found, problems: said } = parseScstConf(printScstConf(wanted));
        expect(said).toEqual([]);
        expect(printable(found)).toEqual(wanted);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['a"b', 'a{b', 'a\tb', 'a\nb'])('refuses %j, which scst.conf can’t hold', (word) => {
    expect(() => printScstConf([statement(['x', word])])).toThrow(NotRepresentable);
  });
});

it('throws nothing at any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab {}"#\\\n\t:[HANDLER x]') }), (any) => {
      parseScstConf(any);
    }),
    { numRuns: 2000 },
  );
});

// The command line as users and scripts meet it: help, usage errors, exit codes, and the import of files.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { EXIT } from './exit-codes.js';
import { buildProgram, run } from './program.js';
import type { Terminal } from './terminal.js';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'scst-cli-'))));
afterEach(() => rmSync(directory, { recursive: true }));

async function scst(...argv: string[]) {
  const said = { out: '', err: '' };
  const terminal: Terminal = {
    out: { write: (text) => (said.out += text), isTerminal: false },
    err: { write: (text) => (said.err += text), isTerminal: false },
  };
  const code = await run(argv, terminal);
  return { code, ...said };
}

const nothing: Terminal = {
  out: { write: () => undefined, isTerminal: false },
  err: { write: () => undefined, isTerminal: false },
};
const COMMANDS = buildProgram(nothing, () => undefined).commands;

describe('every command', () => {
  it.each(COMMANDS.map((command) => command.name()))(
    'cli-01: %s --help is exit 0, on standard output',
    async (name) => {
      const { code, out, err } = await scst(name, '--help');
      expect([code, err]).toEqual([EXIT.done, '']);
      expect(out).toMatch(/^Usage: scst /);
    },
  );

  it('cli-01: --version is exit 0', async () => {
    expect(await scst('--version')).toEqual({ code: EXIT.done, out: '0.1.0\n', err: '' });
  });

  it.each(
    COMMANDS.flatMap((command) => [
      ...command.options.filter(({ mandatory }) => mandatory).map(({ long }) => [command.name(), long ?? '']),
      ...command.registeredArguments.filter(({ required }) => required).map((each) => [command.name(), each.name()]),
    ]),
  )('cli-02: %s names %s when it is missing', async (name, missing) => {
    const { code, out, err } = await scst(name);
    expect([code, out]).toEqual([EXIT.usage, '']);
    expect(err).toContain(missing);
  });

  it.each(
    COMMANDS.map((command) => {
      const mandatory = command.options.filter((option) => option.mandatory).flatMap(({ long = '' }) => [long, 'x']);
      return [command.name(), mandatory] as const;
    }),
  )('cli-02: %s names an option that it doesn’t have', async (name, mandatory) => {
    const { code, err } = await scst(name, ...mandatory, '--nonsense');
    expect(code).toBe(EXIT.usage);
    expect(err).toMatch(/--nonsense/);
  });

  it.each([
    [['nonsense'], /unknown command 'nonsense'/],
    [['tree', '-o', 'xml'], /unknown option '-o'/],
    [['get', '-o', 'xml'], /Allowed choices are table, wide, json, yaml, name/],
    [['get', 'nonsense', '--socket', '/nowhere'], /unknown option|there is no kind nonsense/],
    [['apply', '-f', 'x', '--timeout', 'soon'], /must be a number of seconds/],
  ])('cli-02: %j is a usage error', async (argv, expected) => {
    const { code, err } = await scst(...argv);
    expect(code).toBe(EXIT.usage);
    expect(err).toMatch(expected);
  });

  it('says when nobody is there to ask', async () => {
    const { code, err } = await scst('--socket', join(directory, 'agent.sock'), 'tree');
    expect(code).toBe(EXIT.unreachable);
    expect(err).toMatch(/^error: .*agent\.sock: .*ENOENT/);
  });
});

describe('scst import', () => {
  const conf = (text: string) => {
    const file = join(directory, 'scst.conf');
    writeFileSync(file, text);
    return file;
  };
  const DISK = 'HANDLER vdisk_fileio {\n DEVICE d {\n filename /var/lib/scst/d.img\n }\n}\n';
  const LOCAL = `${DISK}TARGET_DRIVER scst_local {\n TARGET t {\n session_name s\n LUN 0 d\n }\n}\n`;

  it('writes manifests, to standard output or into a directory, and says where the targets go', async () => {
    const file = conf(LOCAL);
    const { code, out, err } = await scst('import', file);
    expect(code).toBe(EXIT.done);
    expect(parseAllDocuments(out).map((document) => (document.toJS() as { kind: string }).kind)).toEqual([
      'ScstDevice',
      'ScstTarget',
      'ScstSession',
      'ScstLun',
    ]);
    expect(err).toMatch(/kubectl label node NAME scst\.dev\/imported=/);
    const output = join(directory, 'out');
    expect(await scst('import', file, '-o', output, '--node-name', 'n1')).toEqual({
      code: EXIT.done,
      out: '',
      err: '',
    });
    expect(readdirSync(output)).toEqual(['scst.yaml']);
    expect(readFileSync(join(output, 'scst.yaml'), 'utf8')).toContain('nodeName: n1');
  });

  it.each<[string, string, RegExp]>([
    [
      'conf-02: a slash in a name',
      DISK.replace('DEVICE d', 'DEVICE tank/d'),
      /scst\.conf:2:9: error: .*call it tank-d/,
    ],
    [
      'a value that the schema refuses',
      DISK.replace(' }', ' naa_id 1\n }'),
      /:2:2: error: ScstDevice d: spec\.identity\.naa must match/,
    ],
    ['conf-09: a brace that is missing', LOCAL.replace('DEVICE d {', 'DEVICE d'), /error: /],
  ])('refuses %s, and writes nothing', async (_, text, expected) => {
    const output = join(directory, 'out');
    const { code, out, err } = await scst('import', conf(text), '-o', output);
    expect([code, out]).toEqual([EXIT.failed, '']);
    expect(err).toMatch(expected);
    expect(existsSync(output)).toBe(false);
  });

  it('conf-05: carries on over what it can’t carry, unless it is told to be strict', async () => {
    const file = conf(`${LOCAL}TARGET_DRIVER iscsi {\n enabled 1\n}\n`);
    const { code, err } = await scst('import', file, '--node-name', 'n1');
    expect(code).toBe(EXIT.done);
    expect(err).toMatch(/scst\.conf:12:1: warning: TARGET_DRIVER iscsi isn't carried over/);
    const output = join(directory, 'out');
    expect(await scst('import', file, '--strict', '-o', output)).toMatchObject({
      code: EXIT.failed,
      err: expect.stringContaining('0 errors, 1 warnings; nothing was written') as string,
    });
    expect(existsSync(output)).toBe(false);
  });
});

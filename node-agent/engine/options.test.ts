// The engine's command line.
import { parseOptions } from './options.js';

const environment = { ...process.env };
afterEach(() => {
  process.env = { ...environment };
});

function parse(args: string[], variables: NodeJS.ProcessEnv = {}) {
  process.env = { ...environment, ...variables };
  return parseOptions(['node', 'scst-engine', ...args], '1.0.0');
}

test('without anything, only the default directory is allowed', () => {
  expect(parse([])).toEqual({
    runDir: '/run/scst',
    stateDir: '/var/lib/scst',
    allowPath: ['/var/lib/scst/'],
    minFree: 15,
    logLevel: 'info',
  });
});

test('allowed paths replace the default, given once each or together', () => {
  expect(parse(['--allow-path', '/a', '--allow-path', '/b']).allowPath).toEqual(['/a', '/b']);
  expect(parse([], { SCST_ALLOW_PATH: '/a:/b:' }).allowPath).toEqual(['/a', '/b']);
});

test('the command line goes before the environment', () => {
  const variables = { SCST_RUN_DIR: '/env', SCST_MIN_FREE: '5' };
  expect(parse(['--run-dir', '/flag'], variables)).toMatchObject({ runDir: '/flag', minFree: 5 });
});

test.each([
  [['--min-free=100'], {}],
  [['--min-free=-1'], {}],
  [['--min-free=much'], {}],
  [[], { SCST_MIN_FREE: 'much' }],
  [[], { SCST_LOG_LEVEL: 'loud' }],
  [['--colour'], {}],
])('%j with %j ends with a message and exit status 1', (args, variables) => {
  const exit = jest.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    expect(() => parse(args, variables)).toThrow('exit 1');
    expect(stderr).toHaveBeenCalledWith(expect.stringMatching(/^error: /));
  } finally {
    exit.mockRestore();
    stderr.mockRestore();
  }
});

// The agent's flags and their environment equivalents.
import { parseAgentOptions } from './options.js';

const fails = (argv: string[], env: NodeJS.ProcessEnv = {}): string => {
  const stderr: string[] = [];
  const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => stderr.push(String(text)) > 0);
  const exit = jest.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('exit');
  });
  try {
    expect(() => parseAgentOptions(argv, env)).toThrow('exit');
    expect(exit).toHaveBeenCalledWith(1);
    return stderr.join('');
  } finally {
    write.mockRestore();
    exit.mockRestore();
  }
};

describe('parseAgentOptions', () => {
  it('has defaults for everything', () => {
    const options = parseAgentOptions([], {});
    expect(options).toMatchObject({
      stateDir: '/var/lib/scst',
      runDir: '/run/scst',
      allowPath: ['/var/lib/scst'],
      minFree: 15,
      ioTimeout: 600,
      engine: 'spawn',
    });
    expect(options.nodeName).not.toBe('');
  });

  it('takes the environment, and flags before it', () => {
    const env = {
      SCST_NODE_NAME: 'from-env',
      SCST_IO_TIMEOUT: '10',
      SCST_ALLOW_PATH: '/a:/b',
      SCST_ENGINE: 'external',
    };
    expect(parseAgentOptions(['--node-name', 'from-flag'], env)).toMatchObject({
      nodeName: 'from-flag',
      ioTimeout: 10,
      allowPath: ['/a', '/b'],
      engine: 'external',
    });
  });

  it('collects --allow-path', () => {
    expect(parseAgentOptions(['--allow-path', '/a', '--allow-path', '/b'], {}).allowPath).toEqual(['/a', '/b']);
  });

  it.each([
    [['--min-free', 'many'], /--min-free/],
    [['--min-free', '100'], /from 0 to 99/],
    [['--io-timeout', '0'], /from 1 to/],
    [['--allow-path', 'relative'], /absolute path/],
    [['--engine', 'maybe'], /spawn, external/],
    [['--no-such-flag'], /--no-such-flag/],
  ])('refuses %j and names the flag', (argv, message) => {
    expect(fails(argv)).toMatch(message);
  });
});

// The command line of scst-operator.
import { parseOptions, parseSeconds } from './options.js';

const parse = (...args: string[]) => parseOptions(['node', 'scst-operator', ...args]);
const saved = { ...process.env };

beforeEach(() => {
  process.env = Object.fromEntries(Object.entries(saved).filter(([name]) => !name.startsWith('SCST_')));
});
afterAll(() => {
  process.env = saved;
});

describe('options', () => {
  it('have defaults that suit a pod', () => {
    expect(parse()).toEqual({
      namespace: 'scst-system',
      leaderElect: true,
      leaseDuration: 15,
      nodeGracePeriod: 300,
      watchTimeout: 45,
      metricsPort: 8080,
      logLevel: 'info',
    });
  });

  it('come from flags, and else from the environment', () => {
    process.env['SCST_NAMESPACE'] = 'from-env';
    process.env['SCST_NODE_GRACE_PERIOD'] = '2m';
    process.env['SCST_LEADER_ELECT'] = 'false';
    expect(parse('--namespace', 'from-flag', '--log-level=debug', '--metrics-port=0')).toMatchObject({
      namespace: 'from-flag',
      nodeGracePeriod: 120,
      leaderElect: false,
      logLevel: 'debug',
      metricsPort: 0,
    });
    expect(parse('--leader-elect').leaderElect).toBe(true);
    expect(parse('--default-target', 'a/b=,c=d').defaultTarget).toEqual({ 'a/b': '', c: 'd' });
  });

  it.each([
    ['90', 90],
    ['90s', 90],
    ['5m', 300],
    ['2h', 7_200],
  ])('read the time %s', (text, seconds) => {
    expect(parseSeconds(text)).toBe(seconds);
  });

  it.each(['', '0', '0s', '-1', '1.5m', '5 m', 'soon', '5d'])('refuse the time %j', (text) => {
    expect(() => parseSeconds(text)).toThrow(/one second or more/);
  });

  it.each([
    ['--metrics-port=70000', /65535/],
    ['--leader-elect=maybe', /true or false/],
    ['--namespace=Not_A_Name', /lower-case/],
    ['--log-level=loud', /debug, info/],
    ['--lease-duration=never', /one second/],
    ['--no-such-flag', /unknown option/],
    ['stray', /too many arguments|argument/],
  ])('refuse %s with a text that helps', (flag, text) => {
    const exit = jest.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    const written = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      expect(() => parse(flag)).toThrow('exit 1');
      expect(written.mock.calls.join('')).toMatch(text);
    } finally {
      exit.mockRestore();
      written.mockRestore();
    }
  });
});

// The ring core against a simulated kernel side, four rings of one unit on several threads, under both sanitizers.
import { buildPrograms, runProgram } from './run.js';

jest.setTimeout(120_000);

describe('the ring core under a storm of commands, gate changes and out-of-order completions', () => {
  beforeAll(buildPrograms);

  it.each(['tsan', 'asan'])('loses, doubles and mixes up nothing, and the sanitizer finds nothing: %s', (sanitizer) => {
    const { code, output } = runProgram(`storm-${sanitizer}`);
    expect(output).toMatch(
      /^commands=10000 reads=\d+ writes=\d+ handedOver=\d+ byWorkers=\d+ gates=\d+ pads=\d+ wrong=0\n$/,
    );
    expect(code).toBe(0);
    const counts = new Map([...output.matchAll(/(\w+)=(\d+)/g)].map(([, name, value]) => [name, Number(value)]));
    for (const name of ['reads', 'writes', 'handedOver', 'byWorkers', 'gates', 'pads'])
      expect(counts.get(name)).toBeGreaterThan(0);
  });
});

// The ring core against a simulated kernel side, four rings of one unit on several threads, under both sanitizers.
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

jest.setTimeout(120_000);
const ROOT = resolve(__dirname, '../..');

function run(command: string, args: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 100_000 });
  return { code: status, output: `${stdout}${stderr}` };
}

describe('the ring core under a storm of commands, gate changes and out-of-order completions', () => {
  beforeAll(() => {
    const { code, output } = run('make', ['-s', '-C', __dirname]);
    if (code !== 0) throw new Error(output);
  });

  it.each(['tsan', 'asan'])('loses, doubles and mixes up nothing, and the sanitizer finds nothing: %s', (sanitizer) => {
    const { code, output } = run(join(ROOT, 'build/native/test', `storm-${sanitizer}`), []);
    expect(output).toMatch(/^commands=10000 reads=\d+ writes=\d+ handedOver=\d+ gates=\d+ pads=\d+ wrong=0\n$/);
    expect(code).toBe(0);
    const counts = new Map([...output.matchAll(/(\w+)=(\d+)/g)].map(([, name, value]) => [name, Number(value)]));
    for (const name of ['reads', 'writes', 'handedOver', 'gates', 'pads']) expect(counts.get(name)).toBeGreaterThan(0);
  });
});

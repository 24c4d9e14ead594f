// The directory source refuses what the API server refuses (test/cluster/invalid.test.ts), and names the same fields.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../env/stack/eventually.js';
import { ROOT } from '../env/stack/paths.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';

jest.setTimeout(180_000);
const INVALID = join(ROOT, 'test/fixtures/invalid');
const MANIFESTS = '/etc/scst/manifests';
const PATH = diskPath('d');

describe('a directory of manifests', () => {
  let node: LoneNode;

  beforeAll(async () => {
    node = await LoneNode.boot({ kernel: 'uml' });
    await node.apply('d.yaml', disk('d'));
    await node.startAgent();
    await node.ready(PATH);
  });
  afterAll(() => node.stop());
  afterEach(() => node.machine.assertCleanKernel());

  it('has every manifest refused that the API server refuses, with its file and the field; the disk goes on', async () => {
    const files = readdirSync(INVALID).filter((name) => name.endsWith('.yaml'));
    const fields = new Map<string, string | undefined>();
    for (const file of files) {
      const text = readFileSync(join(INVALID, file), 'utf8');
      fields.set(`${MANIFESTS}/${file}`, /^# field: (.*)$/m.exec(text)?.[1]);
    }
    // The node sees the checkout under the same path.
    await node.sh(`cp ${INVALID}/*.yaml ${MANIFESTS}/`);
    await eventually(async () => {
      const problems = (await node.status()).manifests?.problems ?? [];
      const told = (file: string) =>
        problems.filter((each) => each.file === file).map((each) => `${each.field}: ${each.message}`);
      const silent = [...fields].filter(
        ([file, field]) => !told(file).some((problem) => problem.includes(field ?? '?')),
      );
      expect(silent.map(([file, field]) => [file, field, ...told(file)])).toEqual([]);
    });
    await node.sh(`dd if=${PATH} of=/dev/null bs=1M count=1 iflag=direct status=none`);
    await node.sh(`cd ${MANIFESTS} && rm ${files.join(' ')}`);
    await node.ready(PATH);
  });
});

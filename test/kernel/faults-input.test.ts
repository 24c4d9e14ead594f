// What is wrong with a node or its manifests is told where its owner looks, and the rest goes on; so it is with an odd command.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../env/stack/eventually.js';
import { ROOT } from '../env/stack/paths.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';
import { scsi } from './support/scsi.js';

jest.setTimeout(180_000);
const INVALID = join(ROOT, 'test/fixtures/invalid');
const MANIFESTS = '/etc/scst/manifests';
const PATH = diskPath('d');

describe('a node alone', () => {
  let node: LoneNode;

  beforeAll(async () => {
    node = await LoneNode.boot({ kernel: 'uml' });
    await node.apply('d.yaml', disk('d'));
  });
  afterAll(() => node.stop());
  afterEach(() => node.machine.assertCleanKernel());

  it('life-06: says which kernel module is missing and how to get it, and goes on once it is there', async () => {
    await node.sh('mount -t tmpfs hidden /lib/modules/$(uname -r)');
    await node.startAgent();
    await eventually(async () => {
      const { status, reason, message } = await node.condition('KernelReady');
      expect({ status, reason }).toEqual({ status: 'False', reason: 'ModuleMissing' });
      expect(message).toMatch(/module target_core_mod .*linux-modules-extra.*CONFIG_TARGET_CORE/);
    }, 60_000);
    expect(await node.condition('Ready')).toMatchObject({ status: 'False', reason: 'ModuleMissing' });
    await node.sh('umount /lib/modules/$(uname -r)');
    await node.ready(PATH);
  });

  it('life-07: mounts configfs where it is not', async () => {
    await node.withdraw('d.yaml');
    await node.nothingLeft();
    await node.sh('umount /sys/kernel/config');
    await node.apply('d.yaml', disk('d'));
    await node.ready(PATH);
  });

  it('tells file and line of what is broken in its directory, and applies the others', async () => {
    await node.apply('broken.yaml', `${disk('broken')}---\nkind: ScstLun\nmetadata: {name: [}\n`);
    await node.apply('odd.yaml', disk('odd').replace('"64Mi"', '"-1"'));
    await node.apply('other.yaml', disk('other'));
    await eventually(async () => node.sh(`test -b ${diskPath('other')}`), 60_000);
    const { problems } = (await node.status()).manifests ?? { problems: [] };
    expect(problems).toEqual([
      { file: `${MANIFESTS}/broken.yaml`, line: 22, message: expect.stringContaining('must') as string },
      {
        file: `${MANIFESTS}/odd.yaml`,
        line: 4,
        field: 'spec.vdiskFileio.size',
        message: expect.stringContaining('pattern') as string,
      },
    ]);
    expect((await node.machine.run(`test -e ${diskPath('broken')}`)).code).toBe(1);
    await node.sh(`dd if=${PATH} of=/dev/null bs=1M count=1 iflag=direct status=none`);
    await node.sh(`rm ${MANIFESTS}/broken.yaml ${MANIFESTS}/odd.yaml ${MANIFESTS}/other.yaml`);
    await node.ready(PATH);
  });

  it('refuses every manifest that the API server refuses, and names the same field', async () => {
    const files = readdirSync(INVALID).filter((name) => name.endsWith('.yaml'));
    const fields = new Map<string, string | undefined>();
    for (const file of files) {
      const text = readFileSync(join(INVALID, file), 'utf8');
      fields.set(`${MANIFESTS}/${file}`, /^# field: (.*)$/m.exec(text)?.[1]);
      await node.machine.write(`${MANIFESTS}/${file}`, text);
    }
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

  it('writes one block for a WRITE(10) of one block, however large the buffer', async () => {
    await node.sh(`dd if=/dev/zero bs=4096 count=4 | tr '\\0' A | dd of=${PATH} bs=4096 oflag=direct`);
    await node.sh(`dd if=/dev/zero bs=4096 count=1 | tr '\\0' B > /tmp/buffer`);
    expect(await scsi(node.machine, PATH, '2a 00 00 00 00 08 00 00 01 00', '-s 4096 -i /tmp/buffer')).toEqual({
      status: 'GOOD',
    });
    const content = await node.sh(`dd if=${PATH} bs=512 count=32 iflag=direct status=none`);
    expect(content).toBe('A'.repeat(8 * 512) + 'B'.repeat(512) + 'A'.repeat(23 * 512));
  });
});

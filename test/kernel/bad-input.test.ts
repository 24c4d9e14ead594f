// Bad manifests and a node that lacks something: what the report says, and that nothing else suffers.
import { eventually } from '../env/stack/eventually.js';
import { agentLog } from '../env/stack/node-processes.js';
import { MODULES } from '../../node-agent/lio/modules.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath } from './support/manifests.js';

jest.setTimeout(240_000);
const GOOD = diskPath('good');

describe('manifests that can not be followed', () => {
  let node: LoneNode;
  const failed = (name: string, reason: string, message: RegExp) =>
    eventually(async () => {
      const entry = await node.entry('ScstDevice', name);
      expect(entry).toMatchObject({ state: 'Failed', reason });
      expect(entry.message).toMatch(message);
    });

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'uml' }, { 'good.yaml': disk('good') });
    await node.ready(GOOD);
    await node.sh(
      'cd /var/lib/scst && ln -s /etc linked && ln -s /etc/passwd link.img && truncate -s 64M two.img && ' +
        'ln two.img two2.img && truncate -s 1000 odd.img',
    );
  });
  afterAll(() => node.stop());
  afterEach(async () => {
    await node.sh(`dd if=${GOOD} of=/dev/null bs=1M count=1 iflag=direct status=none`);
    expect(await node.entry('ScstLun', 'good')).toMatchObject({ state: 'Ready' });
    await node.machine.assertCleanKernel();
  });

  it.each([
    ['outside', 'a path outside the allowed roots', { filename: '/etc/outside.img' }, 'PathNotAllowed', /--allow-path/],
    ['linked-folder', 'a directory that is a symlink', { filename: 'linked/x.img' }, 'PathNotAllowed', /symbolic link/],
    ['linked-file', 'a symlink', { filename: 'link.img' }, 'PathNotAllowed', /symbolic link/],
    ['two-links', 'a file with two links', { filename: 'two.img' }, 'MultipleLinks', /2 hard links/],
    ['same-file', 'a file of another device', { filename: 'good.img' }, 'BackingInUse', /the device good/],
    ['odd', 'a size that is no multiple', { filename: 'odd.img', size: '' }, 'SizeNotMultiple', /1000.*block size 512/],
    ['no-folder', 'a missing directory', { filename: 'missing/x.img' }, 'BackingNotFound', /\/var\/lib\/scst\/missing/],
    ['huge', 'a file that would eat the file system', { size: '50Gi' }, 'InsufficientSpace', /15 %/],
  ])(
    '%s: %s is told with its reason at the device, and nothing is touched',
    async (name, _, options, reason, message) => {
      await node.apply(`${name}.yaml`, disk(name, options));
      await failed(name, reason, message);
      expect(await node.entry('ScstLun', name)).not.toMatchObject({ state: 'Ready' });
      expect(
        (await node.machine.run(`test -e /etc/outside.img -o -e /etc/x.img -o -e /var/lib/scst/huge.img`)).code,
      ).toBe(1);
      expect(await node.sh('head -1 /etc/passwd')).toMatch(/^root:/);
    },
  );

  it('heal by themselves when the cause is gone', async () => {
    await node.sh('rm /var/lib/scst/two2.img && mkdir /var/lib/scst/missing');
    await eventually(async () => {
      for (const name of ['two-links', 'no-folder'])
        expect(await node.entry('ScstLun', name)).toMatchObject({ state: 'Ready' });
    }, 60_000);
  });

  it('a broken file is told with file and line, the others are applied, and what was there stays', async () => {
    const [device = '', ...rest] = disk('good').split('---\n');
    await node.apply('good.yaml', [device, 'kind: [ScstTarget\n', ...rest].join('---\n'));
    await node.apply('next.yaml', disk('next'));
    await eventually(async () => {
      const { manifests } = await node.status();
      expect(manifests?.problems).toEqual([
        expect.objectContaining({
          file: expect.stringMatching(/good\.yaml$/) as string,
          line: expect.any(Number) as number,
        }),
      ]);
      expect(await node.entry('ScstLun', 'next')).toMatchObject({ state: 'Ready' });
    });
    const line = (await node.status()).manifests?.problems[0]?.line ?? 0;
    expect(line).toBeGreaterThanOrEqual(6);
    expect(line).toBeLessThanOrEqual(8);
    expect(await agentLog(node.machine)).toMatch(new RegExp(`/etc/scst/manifests/good\\.yaml:${line}: `));
    expect(await node.entry('ScstLun', 'good')).toMatchObject({ state: 'Ready' });
    await node.apply('good.yaml', disk('good'));
    await eventually(async () => expect((await node.status()).manifests?.problems).toEqual([]));
  });

  it('a field that the schema refuses is told by its name, with file and line', async () => {
    await node.apply('refused.yaml', disk('refused').replace('lun: 0', 'lun: 70000'));
    await eventually(async () =>
      expect((await node.status()).manifests?.problems).toEqual([
        expect.objectContaining({ file: '/etc/scst/manifests/refused.yaml', line: 19, field: 'spec.lun' }),
      ]),
    );
    await node.withdraw('refused.yaml');
  });

  it('life-12: a SCSI device that somebody deletes by hand comes back', async () => {
    const block = (await node.sh(`basename $(readlink -f ${GOOD})`)).trim();
    await node.sh(`echo 1 > /sys/block/${block}/device/delete`);
    await eventually(async () => {
      await node.sh(`test -b $(readlink -f ${GOOD})`);
      expect(await node.entry('ScstLun', 'good')).toMatchObject({ state: 'Ready' });
    }, 90_000);
  });

  it('life-12: a disk whose SCSI device somebody deleted by hand can be taken away', async () => {
    await node.sh(`echo 1 > /sys/block/$(basename $(readlink -f ${diskPath('next')}))/device/delete`);
    await node.withdraw('next.yaml');
    await eventually(async () => {
      await expect(node.entry('ScstLun', 'next')).rejects.toThrow(/reports no/);
      await expect(node.entry('ScstDevice', 'next')).rejects.toThrow(/reports no/);
    }, 60_000);
    expect((await node.machine.run('test -e /dev/scst/next')).code).toBe(1);
  });
});

describe('a node that lacks something', () => {
  const FORBIDDEN = '/etc/modprobe.d/forbidden.conf';
  let node: LoneNode;

  beforeAll(async () => {
    node = await LoneNode.boot({ kernel: 'uml' });
    await node.apply('good.yaml', disk('good'));
    await node.machine.write(FORBIDDEN, 'install target_core_user /bin/false\n');
  });
  afterAll(() => node.stop());
  afterEach(() => node.machine.assertCleanKernel());

  it('life-06: a missing module is told by name with what to do, and heals without a restart', async () => {
    await node.startAgent();
    await eventually(async () => {
      const condition = await node.condition('KernelReady');
      expect(condition).toMatchObject({ status: 'False', reason: 'ModuleMissing' });
      expect(condition.message).toMatch(/target_core_user.*linux-modules-extra/);
    }, 60_000);
    await node.sh(`rm ${FORBIDDEN}`);
    await node.ready(GOOD);
  });

  it.each(MODULES)(
    'finds $name loaded by what the agent looks for, and doesn’t load it again',
    async ({ evidence }) => {
      await node.sh(`test -e /sys/${evidence}`);
    },
  );

  it('life-07: configfs that is not mounted is mounted, under a disk that goes on', async () => {
    await node.signal('agent', 'SIGTERM');
    await node.sh('umount /sys/kernel/config');
    await node.startAgent();
    await node.ready(GOOD);
    await node.sh('mountpoint -q /sys/kernel/config');
    await node.sh(`dd if=${GOOD} of=/dev/null bs=1M count=1 iflag=direct status=none`);
  });
});

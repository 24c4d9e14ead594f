// Bad input as its author sees it: a condition with a reason and a message on that object, and nothing on any other.
import { eventually } from '../env/stack/eventually.js';
import { disk, diskPath } from '../kernel/support/manifests.js';
import { Stack } from './stack.js';

jest.setTimeout(180_000);
const NODE = 'worker-1';

describe('bad input', () => {
  let stack: Stack;
  const node = () => stack.machine(NODE);
  const apply = async (manifest: string) => expect(await stack.cluster.apply(manifest)).toMatchObject({ code: 0 });
  /** Ready and Degraded of the device say the reason and the message. */
  const refused = (name: string, reason: string, message: RegExp) =>
    eventually(async () => {
      expect(await stack.condition(`scstdevice/${name}`)).toMatchObject({ status: 'False', reason });
      const degraded = await stack.condition(`scstdevice/${name}`, 'Degraded');
      expect(degraded).toMatchObject({ status: 'True', reason });
      expect(degraded.message).toMatch(message);
      expect(await stack.condition(`scstlun/${name}`)).toMatchObject({ status: 'False' });
    });

  beforeAll(async () => {
    stack = await Stack.start(NODE);
    await node().sh(
      'cd /var/lib/scst && ln -s /etc linked && ln -s /etc/passwd link.img && truncate -s 64M two.img && ln two.img two2.img && truncate -s 1000 odd.img',
    );
    await apply(disk('good'));
    await stack.ready('scstlun/good');
  });
  afterAll(async () => stack.stop());
  afterEach(async () => {
    await node().sh(`dd if=${diskPath('good')} of=/dev/null bs=1M count=1 iflag=direct status=none`);
    expect(await stack.condition('scstlun/good')).toMatchObject({ status: 'True' });
    await node().assertCleanKernel();
  });

  it.each([
    ['outside', { filename: '/etc/outside.img' }, 'PathNotAllowed', /\/etc\/outside\.img.*--allow-path/],
    ['linked-folder', { filename: 'linked/x.img' }, 'PathNotAllowed', /symbolic link/],
    ['linked-file', { filename: 'link.img' }, 'PathNotAllowed', /symbolic link/],
    ['two-links', { filename: 'two.img' }, 'MultipleLinks', /2 hard links/],
    ['same-file', { filename: 'good.img' }, 'BackingInUse', /the device good/],
    ['odd', { filename: 'odd.img', size: '' }, 'SizeNotMultiple', /1000.*block size 512/],
    ['no-folder', { filename: 'missing/x.img' }, 'BackingNotFound', /\/var\/lib\/scst\/missing/],
    ['no-file', { filename: 'nothing.img', size: '' }, 'SizeUnknown', /size/],
    ['huge', { filename: 'huge.img', size: '50Gi' }, 'InsufficientSpace', /15 %/],
  ])('%s: the device says why, with the reason %s', async (name, options, reason, message) => {
    await apply(disk(name, options));
    await refused(name, reason, message);
    expect(await node().sh('cat /etc/passwd | head -1; ls /etc/outside.img 2>&1 || true')).toMatch(
      /^root:.*\nls: cannot access/,
    );
  });

  it('operator-10: deletes no file through a link, and opens none, while links come and go at random', async () => {
    const deleting = (name: string, filename: string) =>
      disk(name, { filename, size: '1Mi' }).replace('{vdiskFileio', '{reclaimPolicy: Delete, vdiskFileio');
    const before = await node().sh('ls -lR --time-style=full-iso /etc | sha256sum; mkdir /var/lib/scst/swapped');
    // The directory is a link into /etc at one moment and a directory at the next.
    const swapper = await node().spawn(
      'cd /var/lib/scst && while :; do mv swapped real; ln -s /etc swapped; rm swapped; mv real swapped; done 2>/dev/null',
    );
    for (let round = 1; round <= 5; round += 1) {
      await apply(deleting('swap', 'swapped/hosts') + '---\n' + deleting('linked', 'linked/hostname'));
      await eventually(async () => expect(await stack.condition('scstlun/swap')).toBeDefined());
      await stack.cluster.kubectl(
        ...['delete', '--timeout=60s', 'scstlun/swap', 'scstdevice/swap', 'scstsession/swap', 'scsttarget/swap'],
        ...['scstlun/linked', 'scstdevice/linked', 'scstsession/linked', 'scsttarget/linked'],
      );
    }
    swapper.kill('SIGKILL');
    await swapper.exited;
    expect(await node().sh('ls -lR --time-style=full-iso /etc | sha256sum')).toBe(before);
  });

  it('tells a LUN that names no device, and heals when the device comes', async () => {
    const [device, ...others] = disk('late').split('---\n');
    await apply(others.join('---\n'));
    await eventually(async () =>
      expect(await stack.condition('scstlun/late')).toMatchObject({ status: 'False', reason: 'DeviceNotFound' }),
    );
    await apply(device ?? '');
    await stack.ready('scstlun/late');
  });

  it('tells a handler that is not served yet', async () => {
    await apply(
      'apiVersion: scst.dev/v1alpha1\nkind: ScstDevice\nmetadata: {name: cd}\nspec: {vcdrom: {filename: /var/lib/scst/a.iso}}\n',
    );
    await eventually(async () =>
      expect(await stack.condition('scstdevice/cd')).toMatchObject({ status: 'False', reason: 'HandlerNotAvailable' }),
    );
  });

  it('heals when the cause is gone, without being touched', async () => {
    await node().sh('rm /var/lib/scst/two2.img && mkdir /var/lib/scst/missing');
    await stack.ready('scstlun/two-links');
    await stack.ready('scstlun/no-folder');
  });
});

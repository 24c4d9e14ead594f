// EXTENDED COPY between two disks of a session by sg_xcopy, which knows nothing of us.
import { eventually } from '../env/stack/eventually.js';
import { LoneNode } from './support/lone-node.js';
import { disk } from './support/manifests.js';
import { scsi } from './support/scsi.js';

jest.setTimeout(240_000);
const FROM = '/dev/scst/one/one/lun0';
const TO = '/dev/scst/one/one/lun1';
const SECOND = `---
apiVersion: scst.dev/v1alpha1
kind: ScstDevice
metadata: {name: two}
spec: {vdiskFileio: {filename: /var/lib/scst/two.img, size: 64Mi}}
---
apiVersion: scst.dev/v1alpha1
kind: ScstLun
metadata: {name: two}
spec: {target: one, lun: 1, device: two}
`;

describe('copies between disks', () => {
  let node: LoneNode;
  const md5 = async (path: string, mib: number) =>
    (await node.sh(`dd if=${path} iflag=direct bs=1M count=${mib} status=none | md5sum`)).slice(0, 32);

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'uml' }, { 'one.yaml': disk('one') + SECOND });
    await node.ready(FROM, TO);
    for (const path of [FROM, TO])
      await eventually(async () =>
        expect(await scsi(node.machine, path, '00 00 00 00 00 00')).toEqual({ status: 'GOOD' }),
      );
  });
  afterAll(() => node.stop());
  afterEach(async () => {
    expect(await node.ioErrors()).toBe('');
    await node.machine.assertCleanKernel();
  });

  it('carry the data from one disk to the other, and nothing beyond the range', async () => {
    await node.sh(`dd if=/dev/urandom of=${FROM} bs=1M count=16 oflag=direct status=none`);
    const before = await md5(`${TO}`, 64);
    await node.sh(`sg_xcopy if=${FROM}.sg of=${TO}.sg bs=512 count=16384 2>&1`);
    expect(await md5(TO, 8)).toBe(await md5(FROM, 8));
    await node.sh(`dd if=/dev/zero of=${TO} bs=1M count=8 oflag=direct status=none`);
    expect(await md5(TO, 64)).toBe(before);
  });

  it('refuse a range beyond the end of the target', async () => {
    const { code, stdout } = await node.machine.run(
      `sg_xcopy if=${FROM}.sg of=${TO}.sg bs=512 count=2048 seek=131000 2>&1`,
    );
    expect([code, stdout]).toEqual([
      expect.any(Number),
      expect.stringMatching(/copy aborted|out of range|0 records out/i),
    ]);
    expect(code).not.toBe(0);
  });
});

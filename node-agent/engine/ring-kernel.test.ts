// Finding rings and acting on them, in a directory that looks like sysfs and configfs.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachRing, RingBusy } from './ring-attachment.js';
import { SysfsRingKernel, type RingKernel } from './ring-kernel.js';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'scst-sysfs-'))));
afterEach(() => rmSync(root, { recursive: true }));

function addUio(uio: string, name: string, size = '0x40800000'): void {
  mkdirSync(join(root, 'sys/class/uio', uio, 'maps/map0'), { recursive: true });
  writeFileSync(join(root, 'sys/class/uio', uio, 'name'), `${name}\n`);
  writeFileSync(join(root, 'sys/class/uio', uio, 'maps/map0/size'), `${size}\n`);
}

test('rings are found by their name, with and without a configuration part', async () => {
  addUio('uio0', 'tcm-user/7/disk/scst//var/lib/scst/disk.img');
  addUio('uio1', 'tcm-user/7/plain', '0x1000');
  addUio('uio2', 'someone-else');
  expect(await new SysfsRingKernel(root).findDevices()).toEqual(
    new Map([
      ['user_7/disk', { path: join(root, 'dev/uio0'), mapSize: 0x40800000 }],
      ['user_7/plain', { path: join(root, 'dev/uio1'), mapSize: 0x1000 }],
    ]),
  );
});

test('a node on which there has never been a ring has none', async () => {
  expect(await new SysfsRingKernel(root).findDevices()).toEqual(new Map());
});

test('a device that goes away while it is looked at is left out', async () => {
  addUio('uio0', 'tcm-user/7/disk');
  rmSync(join(root, 'sys/class/uio/uio0/maps'), { recursive: true });
  expect(await new SysfsRingKernel(root).findDevices()).toEqual(new Map());
});

test('an action is written into the backstore of that name', async () => {
  const action = join(root, 'sys/kernel/config/target/core/user_7/disk/action');
  mkdirSync(action, { recursive: true });
  writeFileSync(join(action, 'block_dev'), '');
  await new SysfsRingKernel(root).act({ hba: 'user_7', backstore: 'disk' }, 'block_dev', 1);
  expect(readFileSync(join(action, 'block_dev'), 'utf8')).toBe('1');
});

test('an action on a backstore that is gone makes no file', async () => {
  const directory = join(root, 'sys/kernel/config/target/core/user_7/disk/action');
  mkdirSync(directory, { recursive: true });
  const kernel = new SysfsRingKernel(root);
  await expect(kernel.act({ hba: 'user_7', backstore: 'disk' }, 'reset_ring', 1)).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

describe('taking a ring over', () => {
  const ring = { hba: 'user_7', backstore: 'disk' };
  const device = { path: '/dev/uio0', mapSize: 4096 };
  function build(changes: Partial<RingKernel> = {}) {
    const actions: string[] = [];
    const kernel: RingKernel = {
      findDevices: async () => new Map(),
      open: () => new SysfsRingKernel().open({ path: '/dev/null', mapSize: 0 }),
      act: async (_, action, value) => void actions.push(`${action}=${value}`),
      ...changes,
    };
    return { kernel, actions };
  }
  const binding = { countOutstanding: () => 5 };

  test('a ring that another process has open is not touched', async () => {
    const { kernel, actions } = build({
      open: () => {
        throw Object.assign(new Error('busy'), { code: 'EBUSY' });
      },
    });
    await expect(attachRing(kernel, binding, ring, device, () => undefined)).rejects.toThrow(RingBusy);
    expect(actions).toEqual([]);
  });

  test('it starts blocked, after the reset, with the count from before the reset', async () => {
    const { kernel, actions } = build();
    await attachRing(kernel, binding, ring, device, (_, foundAtAttach) => actions.push(`start ${foundAtAttach}`));
    expect(actions).toEqual(['block_dev=1', 'reset_ring=1', 'start 5', 'block_dev=0']);
  });

  test('a ring that could not be started is left unblocked', async () => {
    const { kernel, actions } = build();
    const start = () => {
      throw new Error('no memory');
    };
    await expect(attachRing(kernel, binding, ring, device, start)).rejects.toThrow('no memory');
    expect(actions).toEqual(['block_dev=1', 'reset_ring=1', 'block_dev=0']);
  });
});
